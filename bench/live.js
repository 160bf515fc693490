// @ts-check
// What the browser notes of a stroke for live.py, which finds it in window.live. Event times are
// when the browser got the input; they count from where performance.now() does.

/**
 * @typedef {object} Noted of the last stroke, or click on the board; times in ms
 * @property {number | null} up
 * @property {number[]} answers
 * @property {number[]} deeper the same of the deeper nets
 * @property {number} moves
 * @property {number} frame the longest while the pen drew
 */

const pad = /** @type {HTMLElement} */ (document.querySelector('[data-testid="pad"]'));
const cards = /** @type {HTMLElement[]} */ ([
  ...document.querySelectorAll('[data-testid^="answer-"]'),
]);
/** @type {Noted} */
const noted = { up: null, answers: [], deeper: [], moves: 0, frame: 0 };
let waiting = 0; // questions under way

const capture = { capture: true };
pad.addEventListener(
  "pointerdown",
  ({ timeStamp }) => {
    Object.assign(noted, { down: timeStamp, up: null, moves: 0, answers: [], deeper: [] });
    watchFrames();
  },
  capture,
);
pad.addEventListener(
  "pointermove",
  (event) => {
    if (noted.up === null) Object.assign(noted, { moved: event.timeStamp, moves: noted.moves + 1 });
  },
  capture,
);
pad.addEventListener(
  "pointerup",
  (event) => {
    noted.up ??= event.timeStamp;
  },
  capture,
);

document.addEventListener(
  "click",
  (event) => {
    if (event.target instanceof Element && event.target.closest("#board")) {
      Object.assign(noted, { clicked: event.timeStamp, up: event.timeStamp, answers: [] });
    }
  },
  capture,
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

const deeper = document.querySelector('[data-testid="deeper"]');
const noteDeeper = () => noted.deeper.push(performance.now());
if (deeper)
  new MutationObserver(noteDeeper).observe(deeper, { attributeFilter: ["data-answer-id"] });

const send = window.fetch;
window.fetch = async (address, options) => {
  if (!String(address).includes("/component_server/")) return send(address, options);
  const body = String(options?.body);
  const { fn_name, data } = JSON.parse(body);
  if (fn_name === "read") Object.assign(noted, { address: String(address), body, asked: data });
  waiting += 1;
  try {
    return await send(address, options);
  } finally {
    waiting -= 1;
  }
};

// The worker is there already; it answers each message with one.
const heard = new WeakSet();
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (/** @type {any} */ message) {
  if (!heard.has(this)) {
    heard.add(this);
    this.addEventListener("message", () => {
      waiting -= 1;
    });
  }
  waiting += 1;
  if (message.question) Object.assign(noted, { asked: message.question });
  post.call(this, message);
};

/** Notes how long the page stood still at most, from pen down to pen up. */
function watchFrames() {
  let before = performance.now();
  noted.frame = 0;
  const next = (/** @type {number} */ now) => {
    noted.frame = Math.max(noted.frame, now - before);
    before = now;
    if (noted.up === null) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}

function isQuiet() {
  if (noted.up === null || waiting > 0) return false;
  return performance.now() - Math.max(noted.up, ...noted.answers, ...noted.deeper) > 300;
}

function read() {
  const trouble = document.querySelector(".trouble")?.textContent;
  return { ...noted, digits: cards.map((card) => card.dataset.digit), trouble };
}

Object.assign(window, { live: { isQuiet, read } });
