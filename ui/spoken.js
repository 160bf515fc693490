// @ts-check
// What a screen reader says. A text that follows the pen changes with each of its points: it would
// be read out from the start each time, and never to its end.

import { setText } from "./dom.js";
import { page } from "./page.js";

/** @type {EventTarget | null} what the visitor did something to last */
let place = null;
for (const type of ["focusin", "pointerdown", "click"]) {
  const note = (/** @type {Event} */ { target }) => {
    place = target;
  };
  document.addEventListener(type, note, { capture: true });
}

/**
 * Repeats a text of the page where only screen readers find it, once the pen is up and nothing is
 * asked any more.
 * @param {HTMLElement} text
 * @param {HTMLElement} spoken
 * @param {HTMLElement | null} [part] tells it only while the visitor is in there: many parts show
 *   something new of each drawing, and one is to tell of it
 * @returns {() => void} to be called where the text changes by itself
 */
export function speak(text, spoken, part = null) {
  const update = () => {
    const { isPenDown, isAsking } = page.state;
    if (isPenDown || isAsking) return;
    if (!part || (place instanceof Node && part.contains(place))) {
      setText(spoken, text.textContent);
    }
  };
  page.subscribe(["isPenDown", "isAsking", "reply", "board"], update);
  return update;
}
