// Runs once when the tab of the trainings is there; Gradio hands in element.

whenSeen("courses", (reply) => {
  if (!reply.error) element.querySelector(".plots").innerHTML = reply.plots;
});
