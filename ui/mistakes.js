// @ts-check
// The page of mistakes: its digits, once a visitor looks, and the way of one to the pad.

import { find, findText } from "./dom.js";
import { ofPicture, ofTestDigit } from "./drawing.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { bytes, paintInk } from "./pictures.js";
import { askWhenSeen } from "./server.js";

/** @typedef {{index: number, label: number, pixels: string}} Digit pixels: base64 of grey levels */

/**
 * @param {HTMLElement} element
 * @param {object} _props
 * @param {import("./server.js").Server} server
 */
export function mount(element, _props, server) {
  const buttons = element.querySelectorAll("button");
  if (buttons.length === 0) return; // the nets cannot be compared
  // The server reads MNIST for these, and nobody may ever look. When it is gone the worker has them.
  const indices = [...buttons].map((button) => Number(button.dataset.index));
  const digits = async () =>
    (await server.digits(null).catch(() => null)) ?? page.state.reading?.digits(indices);
  askWhenSeen(element, { digits }, "digits", ({ digits = [] }) => {
    const found = new Map(digits.map((/** @type {Digit} */ digit) => [`${digit.index}`, digit]));
    for (const button of buttons) {
      const digit = found.get(button.dataset.index);
      if (digit) fill(button, digit);
    }
  });
}

/**
 * @param {HTMLButtonElement} button
 * @param {Digit} digit
 */
function fill(button, { index, label, pixels }) {
  findText(button, "b").textContent = `${label}`;
  button.title = t("MNIST test digit {index}, labelled {label}: put it on the pad", {
    index,
    label,
  });
  button.disabled = false;
  const canvas = find(button, "canvas", HTMLCanvasElement);
  paintInk(canvas, bytes(pixels)); // the style sheet turns it white in the dark
  button.addEventListener("click", () => {
    const tab = document.getElementById("draw-button");
    tab?.click();
    tab?.focus(); // the chosen digit is out of sight now
    page.set({ drawing: ofPicture(ofTestDigit(index, label, canvas)) });
  });
}
