// A reply of the server, or {error: one sentence} where there is none. Stands before the script of
// every part that asks so; Gradio hands in server.

const SILENT = { error: "The server does not answer." };

async function ask(name, what = null) {
  try {
    return (await server[name](what)) ?? SILENT;
  } catch {
    return SILENT;
  }
}
