// Runs once when the tab of the trainings is there; Gradio hands in element and server.

const trouble = element.querySelector(".trouble");
const plots = element.querySelector(".plots");

let isFetched = false;

async function fetchPlots() {
  isFetched = true;
  let reply;
  try {
    reply = await server.courses(null);
  } catch {
    // as where Gradio gives no reply: there is no more to say than that
  }
  isFetched = typeof reply?.plots === "string";
  trouble.textContent = isFetched ? "" : "The server does not answer.";
  if (isFetched) plots.innerHTML = reply.plots;
}

// Drawn when a visitor first sees this tab, not before; what failed is tried anew when it is seen
// anew.
new IntersectionObserver((entries) => {
  if (!isFetched && entries.at(-1).isIntersecting) fetchPlots();
}).observe(element);
