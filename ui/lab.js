// @ts-check
// The ink lab: a switch and a picture for each step of preparation.

import { find, findButton, findText, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { bytes, contextOf, paintGrey } from "./pictures.js";

/** @typedef {import("./page.js").Reply} Reply */

/** @param {HTMLElement} element */
export function mount(element) {
  const lab = find(element, ".lab", HTMLDetailsElement);
  const pen = find(element, "[type=range]", HTMLInputElement);
  const boxes = [
    .../** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll("[type=checkbox]")),
  ];
  const whole = { on: boxes.map((box) => box.name), pen: Number(pen.defaultValue) };
  const showReply = replyShower(element, pen, boxes);

  lab.addEventListener("toggle", () => {
    // Heard of after the fact. Closed, it leaves nothing behind.
    if (lab.open !== Boolean(page.state.lab)) page.set({ lab: lab.open ? whole : null });
  });
  findButton(element, "button").addEventListener("click", () => page.set({ lab: whole }));
  lab.addEventListener("input", () => {
    const on = boxes.filter((box) => box.checked).map((box) => box.name);
    page.set({ lab: { on, pen: pen.valueAsNumber } });
  });
  page.subscribe(["lab", "reply"], (state) => {
    lab.open = Boolean(state.lab);
    for (const box of boxes) box.checked = (state.lab ?? whole).on.includes(box.name);
    pen.value = `${(state.lab ?? whole).pen}`;
    showReply(state.reply);
    warn(boxes);
  });
}

/**
 * @param {HTMLElement} element
 * @param {HTMLInputElement} pen
 * @param {HTMLInputElement[]} boxes
 */
function replyShower(element, pen, boxes) {
  const line = find(element, "[name=line]", HTMLInputElement);
  const caption = findText(/** @type {Element} */ (line.closest("li")), "p");
  const hint = findText(element, ".try span");
  const [ofStrokes, ofDrawings] = [caption.textContent, hint.textContent];
  const canvases = element.querySelectorAll("canvas");

  return (/** @type {Reply | null} */ reply) => {
    canvases.forEach((canvas, i) => {
      if (reply?.steps) paintGrey(canvas, bytes(reply.steps[i]));
      else contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
    });
    const picture = reply?.drawing.picture;
    for (const box of boxes) box.disabled = Boolean(picture?.isInk);
    line.disabled = pen.disabled = Boolean(picture);
    caption.textContent = picture ? t("Images keep theirs") : ofStrokes;
    hint.textContent = picture?.isInk
      ? t("A test digit of MNIST comes prepared as it is.")
      : ofDrawings;
  };
}

/**
 * The note stands in the pad, beside the picture that the nets see.
 * @param {HTMLInputElement[]} boxes
 */
function warn(boxes) {
  const isPartly = boxes.some((box) => !box.checked && !box.disabled);
  setText(findText(document, "[data-partly]"), isPartly ? t("Preparation is partly off.") : "");
}
