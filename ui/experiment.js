// Runs once when the experiment's tab is there; Gradio hands in element, props and server.

const measured = element.querySelector(".measured");
const result = element.querySelector(".result");
const boxes = [...element.querySelectorAll("[data-flaw]")];
const EMPTY = { error: "The pad is empty: draw a digit, or take the ten samples." };

let isInSight = false;
let isAsking = false;
let asked = null; // what the newest result answers, as text

whenSeen("measured", (reply) => {
  if (!reply.error) {
    measured.innerHTML = reply.figures;
    element.querySelector(".nets").innerHTML = reply.nets;
  }
  measured.setAttribute("aria-busy", "false");
});

// --- prove it, break it -------------------------------------------------------------------------

const chosen = (name) => element.querySelector(`[name="${name}"]:checked`).value;

const isOfDrawing = () => chosen("proof-input") === "drawing";

function wish() {
  return {
    weights: chosen("proof-weights"),
    flaws: boxes.filter((box) => box.checked).map((box) => box.dataset.flaw),
    picture: isOfDrawing() ? (window.latestPicture ?? null) : null,
  };
}

// One question at a time; when its answer is there, the next is about what is wanted then.
async function check() {
  if (isAsking) return;
  const now = wish();
  if (isOfDrawing() && !now.picture) {
    asked = null;
    return tell(EMPTY); // the server would take the ten samples
  }
  const text = JSON.stringify(now);
  if (text === asked) return;
  isAsking = true;
  const reply = await ask("check", now);
  isAsking = false;
  asked = reply.error ? null : text; // what failed is tried anew at the next touch or look
  tell(reply);
  if (JSON.stringify(wish()) !== text) check();
}

function tell(reply) {
  const lies = Boolean(reply.says && !reply.isRight);
  result.classList.toggle("lies", lies);
  result.dataset.says = reply.says ?? "";
  result.querySelector(".printed").textContent = reply.printed ?? "–";
  result.querySelector(".says").textContent = reply.says
    ? `${reply.says}${lies ? " – a lie" : ""}`
    : "";
  result.querySelector(".sentence").textContent = reply.error ?? reply.sentence;
  result.querySelector(".really").textContent = reply.largest
    ? `max |difference| of the logits is ${reply.largest}`
    : "";
}

element.querySelector(".switches").addEventListener("change", check);
// A file can be dropped on this tab too, and a drawing may still be on its way to the nets.
document.addEventListener("answers", () => {
  if (isInSight) check();
});
new IntersectionObserver((entries) => {
  isInSight = entries.at(-1).isIntersecting;
  if (!isInSight) return;
  asked = null; // the drawing may be another one
  check();
}).observe(element);
