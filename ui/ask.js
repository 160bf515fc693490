// A reply of the server, or {error: one sentence} where there is none. Stands before the script of
// every part that asks so; Gradio hands in element and server.

const SILENT = { error: "The server does not answer." };

async function ask(name, what = null) {
  try {
    return (await server[name](what)) ?? SILENT;
  } catch {
    return SILENT;
  }
}

// Asks for what a tab shows when a visitor first sees it, not before, and gives the reply to `show`;
// what failed is said, and tried anew when the tab is seen anew.
function whenSeen(name, show) {
  let isAnswered = false;
  new IntersectionObserver(async (entries) => {
    if (isAnswered || !entries.at(-1).isIntersecting) return;
    isAnswered = true; // or be asked for twice meanwhile
    const reply = await ask(name);
    isAnswered = !reply.error;
    element.querySelector(".trouble").textContent = reply.error ?? "";
    show(reply);
  }).observe(element);
}
