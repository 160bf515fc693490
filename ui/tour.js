// Runs once when the tour is on the page; Gradio hands in element and props. It knows no answer: it
// sets the stage, and says what the nets then did with this drawing.

const tour = element.querySelector(".tour");
const told = element.querySelector(".told");
const guesses = element.querySelector(".guesses");
const results = element.querySelector(".results");
const next = element.querySelector(".next");

const WHOLE = Array.from({ length: 8 }, () => ({ is_out: false, has_shortcut: true, dial: 1 }));
const altered = (how) => WHOLE.map((unit, i) => (i === 1 ? { ...unit, ...how } : unit));
const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

const STEPS = [
  {
    ask: "1 of 3 · Unplug unit 2: it is gone from both nets. What becomes of your digit?",
    units: altered({ is_out: true }),
  },
  {
    ask: "2 of 3 · Cut the shortcut of unit 2: only f is left of it. What becomes of your digit?",
    units: altered({ has_shortcut: false }),
  },
  {
    ask: "3 of 3 · Draw it in the corner, small, and nobody crops or centres it. Who still reads it?",
    units: WHOLE,
    isInCorner: true,
  },
];

let step = 0; // 0 before the tour, then 1 to 3, then 4 at its end
let isLooking = false; // the guess is made
let isShown = false; // and what came of it is on the page
let before = null; // what the whole nets said to the drawing as it was
let latest = null; // the board's newest "told"

const now = () => STEPS[step - 1];

function putBack() {
  tell("corner", false);
  tell("put-lab", null);
  tell("put-board", { units: WHOLE });
}

function go(newStep) {
  step = newStep;
  isLooking = isShown = false;
  before = null;
  if (step > 0) putBack();
  guesses.reset();
  render();
}

function look() {
  isLooking = true;
  results.replaceChildren();
  if (now().isInCorner) {
    tell("put-lab", { on: props.steps });
    tell("corner", true);
  }
  tell("put-board", { units: now().units });
  render();
}

// Whether this is the answer to what the step has set up, or to something older.
function isOurs({ asked }) {
  const { drawing } = asked;
  if (Boolean(drawing.lab) !== Boolean(isLooking && now().isInCorner)) return false;
  const units = drawing.board?.units ?? WHOLE;
  return JSON.stringify(units) === JSON.stringify(isLooking ? now().units : WHOLE);
}

document.addEventListener("told", ({ detail }) => {
  latest = detail;
  if (!now()) return;
  if (!detail.answers) {
    if (!isLooking) before = null; // the pad is empty
  } else if (isOurs(detail)) {
    // Only strokes can be moved into the corner.
    if (!isLooking) before = now().isInCorner && !detail.asked.drawing.strokes ? null : detail.answers;
    else if (!isShown) show(detail);
  }
  render();
});

function show({ answers, figures }) {
  isShown = true;
  results.replaceChildren(
    ...props.nets.map(({ variant, title }) => {
      const line = document.createElement("p");
      line.className = variant;
      const name = Object.assign(document.createElement("b"), { textContent: title });
      const [was, is] = [before[variant].digit, answers[variant].digit];
      const reads = was === is ? `still ${aDigit(is)}` : `${aDigit(is)}, before ${aDigit(was)}`;
      const isRight = guessed(variant) === (was === is ? "reads" : "loses");
      const verdict = Object.assign(document.createElement("em"), {
        textContent: isRight ? " You guessed it." : " You guessed otherwise.",
      });
      const share = now().isInCorner ? "" : ` Measured: ${figures[variant]}.`;
      line.append(name, `: ${reads}.`, verdict, share);
      return line;
    }),
  );
}

const guessed = (variant) => guesses.querySelector(`[name="guess-${variant}"]:checked`)?.value;
const isGuessed = () => props.nets.every(({ variant }) => guessed(variant));

function render() {
  tour.dataset.step = step;
  guesses.hidden = !now() || isLooking;
  results.hidden = !now() || !isLooking;
  if (step === 0) told.textContent = "New here? Three things to try, in a minute.";
  else if (!now()) told.textContent = "That was it; all is put back. Now unplug what you like.";
  else if (isLooking) told.textContent = isShown ? "With your drawing:" : "Looking …";
  else told.textContent = before ? now().ask : "Draw a digit with the pen first.";
  next.textContent = step === 0 ? "Start" : !now() ? "Done" : isLooking ? "Next" : "Look";
  next.disabled = Boolean(now()) && (isLooking ? !isShown : !before || !isGuessed());
}

function close() {
  if (step > 0) putBack();
  step = 0;
  tour.hidden = true;
}

next.addEventListener("click", () => {
  if (step > STEPS.length) close();
  else if (isLooking || step === 0) go(step + 1);
  else look();
});
guesses.addEventListener("change", render);
guesses.addEventListener("submit", (event) => event.preventDefault());
element.querySelector(".close").addEventListener("click", close);
render();
