// @ts-check
// A triangle of dots: all nets that are left of one, row by row, with more and more units out.

import { findText, make, setText } from "./dom.js";
import { t } from "./language.js";
import { isWhole, page, WHOLE, wholeUnits } from "./page.js";
import { kept, named } from "./paths_words.js";

/**
 * @typedef {import("./page.js").EveryWay} EveryWay
 * @typedef {import("./page.js").Unit} Unit
 * @typedef {import("./paths_words.js").Net} Net
 */

export class Triangle {
  /**
   * @param {HTMLElement} parent
   * @param {Net} net
   */
  constructor(parent, net) {
    this.net = net;
    this.element = findText(parent, `[data-net="${net.variant}"]`);
    this.drawing = ""; // what the dots are of, as text
    /** @type {EveryWay | null} */
    this.said = null;
    this.trouble = ""; // why there is nothing
    /** @type {HTMLButtonElement[]} by the index of their net */
    this.dots = net.ways.map((_, index) => dotOf(index));
    /** @type {number[][]} the indices of the nets in each row, in the order of their units */
    this.rows = [];
    net.ways.forEach(({ length }, index) => {
      this.rows[length] ??= [];
      this.rows[length].push(index);
    });
    this.rows.forEach((row, out) => {
      row.sort((a, b) => `${net.ways[a]}`.localeCompare(`${net.ways[b]}`));
      findText(this.rowAt(out), ".dots").append(...row.map((index) => this.dots[index]));
    });
    this.dots[0].tabIndex = 0; // one for all of them
    this.show("", null);
    /** @type {Unit[] | null} what was on the board before a dot was clicked */
    this.before = null;
    this.listen();
  }

  /** @param {number} out how many units */
  rowAt(out) {
    return findText(this.element, `[data-row="${out}"]`);
  }

  /**
   * @param {string} drawing
   * @param {EveryWay | {error: string} | null} reply null for an empty pad
   */
  show(drawing, reply) {
    const said = reply && "digits" in reply ? reply : null;
    this.trouble = reply && "error" in reply ? reply.error : "";
    this.drawing = drawing;
    this.said = said;
    this.dots.forEach((dot, index) => {
      const digit = said?.digits[index] ?? null;
      setText(dot, said ? `${digit ?? "?"}` : "");
      dot.ariaLabel = this.words(index);
      dot.dataset.says = digit !== null && digit === said?.digits[0] ? "same" : "";
    });
    const counts = said && kept(this.net.ways, said);
    this.rows.forEach((_, out) => {
      const words = counts ? t("{same} of {total}", counts[out]) : "–";
      setText(findText(this.rowAt(out), ".count"), words);
    });
  }

  /**
   * Marks the net that is on the board, if it is one of these.
   * @param {Unit[]} units
   */
  mark(units) {
    const can = new Set(this.net.ways.flat());
    const wanted = units.map((unit, i) => (unit.is_out && !can.has(i + 1) ? WHOLE : unit));
    const out = wanted.flatMap((unit, i) => (unit.is_out ? [i + 1] : []));
    const isOne = wanted.every((unit) => isWhole({ ...unit, is_out: false }));
    const index = isOne ? this.net.ways.findIndex((way) => `${way}` === `${out}`) : -1;
    this.element.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.dots[index]?.setAttribute("aria-current", "true");
  }

  /** The net that is pointed at, in words. */
  pointedAt() {
    const { path } = page.state;
    if (path?.variant !== this.net.variant) return undefined;
    return this.words(this.net.ways.indexOf(path.out));
  }

  /** @param {number} index */
  words(index) {
    return `${this.net.title}. ${named(this.net.ways[index], index, this.said)}`;
  }

  // --- what the visitor does ---------------------------------------------------------------------

  listen() {
    const { element } = this;
    const point = (/** @type {Event} */ event) => {
      const index = indexAt(event);
      if (index !== null) this.point(index);
    };
    const leave = () => page.set({ path: null });
    element.addEventListener("pointerover", point);
    element.addEventListener("pointerleave", leave);
    element.addEventListener("focusin", (event) => {
      point(event);
      this.come(event);
    });
    element.addEventListener("focusout", leave);
    element.addEventListener("click", (event) => {
      const index = indexAt(event);
      if (index !== null) this.unplug(index);
    });
    element.addEventListener("keydown", (event) => this.walk(event));
  }

  /** @param {number} index */
  point(index) {
    page.set({ path: { variant: this.net.variant, out: this.net.ways[index] } });
  }

  /**
   * The dot with the focus is where Tab comes back to, and says more than its digit.
   * @param {Event} event
   */
  come(event) {
    const index = indexAt(event);
    if (index === null) return;
    for (const dot of this.dots) if (dot.tabIndex === 0) dot.tabIndex = -1;
    this.dots[index].tabIndex = 0;
    this.dots[index].ariaLabel = `${this.words(index)} Press to have it on the board.`;
  }

  /**
   * Unplugs the units of a net on the board; those of the net that is there, and it shows again what
   * it showed before.
   * @param {number} index
   */
  unplug(index) {
    const { board } = page.state;
    if (!board) return;
    const wanted = unplugged(this.net.ways[index], board.units.length);
    const isThere = JSON.stringify(wanted) === JSON.stringify(board.units);
    const back = this.before ?? wholeUnits(board.units.length);
    this.before = isThere ? null : board.units;
    page.set({ board: { ...board, units: isThere ? back : wanted } });
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const index = indexAt(event);
    if (index === null) return;
    const out = this.net.ways[index].length;
    const row = this.rows[out];
    const at = row.indexOf(index);
    const across = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: row.length - 1 };
    const beyond = { ArrowUp: this.rows[out - 1], ArrowDown: this.rows[out + 1] };
    const place = new Map(Object.entries(across)).get(event.key);
    const other = new Map(Object.entries(beyond)).get(event.key);
    const next = place === undefined ? other && beside(at, row, other) : row[place];
    if (next === undefined) return;
    event.preventDefault();
    this.dots[next].focus();
  }
}

/** @param {number} index */
function dotOf(index) {
  const dot = make("button", { type: "button", className: "dot", tabIndex: -1 });
  dot.dataset.way = `${index}`;
  return dot;
}

/** @param {Event} event */
function indexAt({ target }) {
  const isDot = target instanceof HTMLElement && target.matches(".dot");
  return isDot ? Number(target.dataset.way) : null;
}

/**
 * The one of another row that lies above or below: as far along it.
 * @param {number} at
 * @param {number[]} row
 * @param {number[]} other
 */
function beside(at, row, other) {
  const share = row.length > 1 ? at / (row.length - 1) : 0.5;
  return other[Math.round(share * (other.length - 1))];
}

/**
 * Whole units but for those that are out.
 * @param {number[]} out
 * @param {number} count
 */
const unplugged = (out, count) =>
  wholeUnits(count).map((unit, i) => (out.includes(i + 1) ? { ...WHOLE, is_out: true } : unit));
