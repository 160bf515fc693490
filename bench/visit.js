// @ts-check
// What the browser notes of a first visit for visit.py, which finds it in window.visit. It runs
// before anything of the page does. Times are ms since the visit began.

/** @typedef {PerformanceEntry & {value: number, hadRecentInput: boolean}} Shift */

let answered = /** @type {number | null} */ (null); // when both cards had an answer first
let shift = 0; // of the worst burst, as web-vitals counts it
let drawn = 0;
const burst = { value: 0, from: 0, to: 0 };

new PerformanceObserver((list) => {
  for (const entry of /** @type {Shift[]} */ (list.getEntries())) {
    if (entry.hadRecentInput) continue; // the visitor made it move
    const { startTime, value } = entry;
    // Shifts less than a second apart are one burst, of five seconds at most.
    const goesOn = startTime - burst.to < 1000 && startTime - burst.from < 5000;
    Object.assign(burst, { value: (goesOn ? burst.value : 0) + value, to: startTime });
    if (!goesOn) burst.from = startTime;
    shift = Math.max(shift, burst.value);
  }
}).observe({ type: "layout-shift", buffered: true });

new MutationObserver((_, observer) => {
  if (document.querySelectorAll('[data-testid^="answer-"]:not([data-digit=""])').length < 2) return;
  answered = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, attributeFilter: ["data-digit"] });

/** The page's own state: a module is loaded once. */
async function pageState() {
  const { page } = await import(new URL("ui/page.js", document.baseURI).href);
  return page.state;
}

/**
 * Draws samples, each when the one before is answered, until the worker has read so many.
 * @param {number} count
 */
async function draw(count) {
  const state = await pageState();
  while (!state.reading) await frame(); // until the pad is there
  await state.reading.prepare();
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-sample]")
  );
  for (let read = 0; read < count; drawn += 1) {
    buttons[drawn % buttons.length].click(); // the same twice would not be asked twice
    while (state.reply?.drawing !== state.drawing) await frame();
    if (state.reading.failure) throw new Error(state.reading.failure);
    if (state.reply.isHere) read += 1; // the server answers where a busy machine takes too long
  }
  return performance.now();
}

const frame = () => new Promise(requestAnimationFrame);

Object.assign(window, { visit: { draw, read: () => ({ answered, shift }) } });
