// What the browser notes of a stroke for live.py. Event times are when the browser got the input;
// they count from where performance.now() does.

const pad = document.querySelector('[data-testid="pad"]');
const cards = [...document.querySelectorAll('[data-testid^="answer-"]')];
const noted = { answers: [] }; // of the last stroke: down, up, moved and answers in ms
let waiting = 0; // requests under way

function note(type, keep) {
  pad.addEventListener(type, keep, { capture: true });
}

note("pointerdown", (event) =>
  Object.assign(noted, { down: event.timeStamp, up: null, moves: 0, answers: [] }),
);
note("pointermove", (event) => {
  if (noted.up === null) Object.assign(noted, { moved: event.timeStamp, moves: noted.moves + 1 });
});
note("pointerup", (event) => {
  noted.up ??= event.timeStamp;
});

document.addEventListener(
  "click",
  (event) => {
    if (event.target.closest("#board")) {
      Object.assign(noted, { clicked: event.timeStamp, up: event.timeStamp, answers: [] });
    }
  },
  { capture: true },
);

// An answer is there when both cards have changed.
const changed = new Set();
const observer = new MutationObserver((records) => {
  for (const { target } of records) changed.add(target);
  if (changed.size < cards.length) return;
  changed.clear();
  noted.answers.push(performance.now());
});
for (const card of cards) observer.observe(card, { attributeFilter: ["data-answer-id"] });

const send = window.fetch;
window.fetch = async (address, options) => {
  if (!String(address).includes("/component_server/")) return send(address, options);
  Object.assign(noted, { address: String(address), body: options.body });
  waiting += 1;
  try {
    return await send(address, options);
  } finally {
    waiting -= 1;
  }
};

function isQuiet() {
  const last = Math.max(noted.up, ...noted.answers);
  return noted.up !== null && waiting === 0 && performance.now() - last > 300;
}

function read() {
  const trouble = document.querySelector(".trouble").textContent;
  return { ...noted, digits: cards.map((card) => card.dataset.digit), trouble };
}
