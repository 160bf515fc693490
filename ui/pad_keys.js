// @ts-check
// The pen of those who draw with keys: the arrows move it over the pad, Space puts it down and lifts
// it. What it draws is a stroke as any other.

import { find, findText, setText } from "./dom.js";
import { begun, extended } from "./drawing.js";
import { t } from "./language.js";
import { page } from "./page.js";

const STEPS = 16; // across the pad: a digit takes about twenty keys
const FAR = 4; // steps, with Shift

/** @type {Map<string, [number, number]>} */
const WAYS = new Map([
  ["ArrowLeft", [-1, 0]],
  ["ArrowRight", [1, 0]],
  ["ArrowUp", [0, -1]],
  ["ArrowDown", [0, 1]],
]);

/**
 * @param {HTMLElement} element
 * @param {number} sheet the pad's side in units
 */
export function listenToArrows(element, sheet) {
  const canvas = find(element, '[data-testid="pad"]', HTMLCanvasElement);
  new KeyPen(element, canvas, sheet);
  document.querySelector(".skip")?.addEventListener("click", async (event) => {
    event.preventDefault(); // the address is the drawing's
    document.getElementById("draw-button")?.click();
    await new Promise(requestAnimationFrame);
    canvas.focus();
  });
}

class KeyPen {
  /**
   * @param {HTMLElement} element
   * @param {HTMLCanvasElement} canvas
   * @param {number} sheet
   */
  constructor(element, canvas, sheet) {
    this.sheet = sheet;
    this.mark = findText(element, ".pen-mark");
    this.spoken = findText(element, "[data-pen-spoken]");
    /** @type {import("./drawing.js").Point} */
    this.place = [sheet / 2, sheet / 2];
    this.isDown = false;
    this.drawn = 0; // the drawing that it goes on with
    this.listen(canvas);
    this.show();
  }

  /** @param {HTMLCanvasElement} canvas */
  listen(canvas) {
    const point = (/** @type {boolean} */ isPointed) =>
      canvas.classList.toggle("pointed", isPointed);
    canvas.addEventListener("keydown", (event) => {
      point(false);
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const way = WAYS.get(event.key);
      if (way) this.move(way, event.shiftKey ? FAR : 1);
      else if (event.key === " " || event.key === "Enter") event.repeat || this.turn();
      else if (event.key === "Escape" && this.isDown) this.lift();
      else return;
      event.preventDefault();
      event.stopPropagation(); // an Escape that lifts the pen does not clear the pad, too
    });
    canvas.addEventListener("blur", () => {
      point(false);
      this.lift();
    });
    canvas.addEventListener("pointerdown", () => {
      point(true);
      this.lift();
    });
    page.subscribe(["drawing"], ({ drawing }) => {
      if (this.isDown && drawing.id !== this.drawn) this.lift(); // another one took its place
    });
  }

  /**
   * @param {[number, number]} way
   * @param {number} steps
   */
  move(way, steps) {
    const along = (/** @type {0 | 1} */ axis) => {
      const to = this.place[axis] + (way[axis] * steps * this.sheet) / STEPS;
      return Math.min(this.sheet, Math.max(0, to));
    };
    this.place = [along(0), along(1)];
    if (this.isDown) page.set({ drawing: extended(page.state.drawing, [this.place], 1) });
    this.show();
  }

  turn() {
    if (this.isDown) {
      this.lift();
      return;
    }
    const drawing = begun(page.state.drawing, this.place);
    this.drawn = drawing.id;
    this.isDown = true;
    page.set({ drawing, isPenDown: true });
    setText(this.spoken, t("Pen down"));
    this.show();
  }

  lift() {
    if (!this.isDown) return;
    this.isDown = false;
    page.set({ isPenDown: false });
    setText(this.spoken, t("Pen up"));
    this.show();
  }

  show() {
    this.mark.classList.toggle("down", this.isDown);
    const [x, y] = this.place.map((at) => `${(100 * at) / this.sheet}%`);
    [this.mark.style.left, this.mark.style.top] = [x, y];
  }
}
