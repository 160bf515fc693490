// @ts-check
// What a screen reader says. A text that follows the pen changes with each of its points: it would
// be read out from the start each time, and never to its end.

import { setText } from "./dom.js";
import { page } from "./page.js";

/**
 * Repeats a text of the page where only screen readers find it, once the pen is up and nothing is
 * asked any more.
 * @param {HTMLElement} text
 * @param {HTMLElement} spoken
 * @returns {() => void} to be called where the text changes by itself
 */
export function speak(text, spoken) {
  const update = () => {
    const { isPenDown, isAsking } = page.state;
    if (!isPenDown && !isAsking) setText(spoken, text.textContent);
  };
  page.subscribe(["isPenDown", "isAsking", "reply", "board"], update);
  return update;
}
