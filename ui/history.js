// Runs once when the tab of the trainings is there; Gradio hands in element.

const trouble = element.querySelector(".trouble");
const plots = element.querySelector(".plots");

let isFetched = false;

async function fetchPlots() {
  isFetched = true;
  const reply = await ask("courses");
  isFetched = !reply.error;
  trouble.textContent = reply.error ?? "";
  if (isFetched) plots.innerHTML = reply.plots;
}

// Drawn when a visitor first sees this tab, not before; what failed is tried anew when it is seen
// anew.
new IntersectionObserver((entries) => {
  if (!isFetched && entries.at(-1).isIntersecting) fetchPlots();
}).observe(element);
