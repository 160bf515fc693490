// @ts-check
// The rows of the board: a cell for the stem and for each unit, the answer at the end, and in words
// what is under the pointer or the focus.

import { LENSES } from "./board_lenses.js";
import { find, findText, isTouch, setText } from "./dom.js";
import { t } from "./language.js";
import { WHOLE } from "./page.js";
import { partingOf } from "./parting.js";
import { answerTo, certaintyOf, percent } from "./words.js";

const HOLD = 450; // ms after which a finger looks instead of unplugging

/**
 * @typedef {import("./page.js").State} State
 * @typedef {import("./page.js").Board} Board
 * @typedef {import("./page.js").Net} Net
 * @typedef {import("./page.js").Unit} Unit
 */

export class Cells {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Props} props
   */
  constructor(element, props) {
    this.element = element;
    this.props = props;
    this.lens = "";
    /** @type {Map<HTMLElement, any>} what each cell shows, null for nothing */
    this.shown = new Map();
    /** @type {Map<Net, {accent: string, ink: string}>} of each net, as far as they were asked for */
    this.colours = new Map();
    /** @type {{cell: HTMLElement, tile: number} | null} what the pointer or the focus is on */
    this.place = null;
    this.listen();
    this.listenToFingers();
  }

  /**
   * @param {Readonly<State>} state
   * @param {Board} board
   */
  show(state, board) {
    this.lens = board.lens;
    for (const net of this.props.nets) {
      this.showAnswer(net, state.reply && answerTo(state.reply, net.variant));
      this.showUnits(net, state, board);
    }
    setText(findText(this.element, ".about"), LENSES[this.lens].about);
    this.point();
  }

  /** @param {Net} net */
  rowOf({ variant }) {
    return findText(this.element, `[data-net="${variant}"]`);
  }

  /**
   * @param {Net} net
   * @param {import("./page.js").Answer | null} answer
   */
  showAnswer(net, answer) {
    const row = this.rowOf(net);
    const isSure = answer?.probabilities && answer.digit !== null;
    setText(findText(row, ".digit"), answer ? `${answer.digit ?? "?"}` : "–");
    setText(findText(row, ".certainty"), isSure ? percent(certaintyOf(answer)) : "");
  }

  /**
   * @param {Net} net
   * @param {Readonly<State>} state
   * @param {Board} board
   */
  showUnits(net, { reply }, { units, lens }) {
    const view = {
      drawing: reply?.picture ?? "",
      side: this.props.side,
      tiled: this.props.tiled,
      answer: reply && answerTo(reply, net.variant).digit,
      digits: reply?.digits ?? {},
      colours: () => this.coloursOf(net),
    };
    const isShown = reply?.asked.board?.lens === lens;
    const found = isShown ? reply?.board?.[net.variant] : undefined;
    const parting = partingOf(reply, this.props.nets);
    for (const cell of this.rowOf(net).querySelectorAll(".cell")) {
      if (!(cell instanceof HTMLElement)) continue;
      const number = Number(cell.dataset.cell); // 0 is the stem
      mark(cell, number === 0 ? WHOLE : units[number - 1], net.stays.includes(number));
      this.showCell(cell, found?.[number] ?? null, { ...view, isParting: number === parting });
    }
  }

  /**
   * Rings the units of a net that it does without, and the shortcuts that it takes instead.
   * @param {State["path"]} path
   */
  light(path) {
    for (const net of this.props.nets) {
      const out = net.variant === path?.variant ? path.out : [];
      for (const cell of this.rowOf(net).querySelectorAll("[data-unit]")) {
        const number = Number(cell.getAttribute("data-unit"));
        cell.classList.toggle("gone-round", out.includes(number));
      }
    }
  }

  /**
   * Remembered: to ask for them the browser has to work out the style of the page anew.
   * @param {Net} net
   */
  coloursOf(net) {
    const known = this.colours.get(net);
    if (known) return known;
    const style = getComputedStyle(this.rowOf(net));
    const [accent, ink] = ["--accent", "--ink"].map((name) => style.getPropertyValue(name));
    this.colours.set(net, { accent, ink });
    return { accent, ink };
  }

  /**
   * @param {HTMLElement} cell
   * @param {any} data
   * @param {Omit<import("./board_lenses.js").View, "note">} view
   */
  showCell(cell, data, view) {
    const note = findText(/** @type {HTMLElement} */ (cell.parentElement), ".note");
    const lens = data && !isOut(cell) ? this.lens : "";
    if (cell.dataset.lens !== lens) empty(cell, note);
    cell.dataset.lens = lens;
    this.shown.set(cell, data);
    if (lens) LENSES[lens].show(cell, data, { ...view, note });
  }

  // --- what is under the pointer or the focus ----------------------------------------------------

  listen() {
    this.element.addEventListener("pointermove", (event) => {
      const cell = cellAt(event);
      if (cell) this.go({ cell, tile: this.tileAt(cell, event) });
    });
    this.element.addEventListener("focusin", ({ target }) => {
      if (target instanceof HTMLElement && target.matches(".cell")) {
        this.go({ cell: target, tile: 0 });
      }
    });
    this.element.addEventListener("keydown", (event) => {
      const cell = cellAt(event);
      if (!cell || !event.shiftKey || !this.hasTiles(cell)) return;
      const side = this.tilesToASide(cell);
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side };
      const step = new Map(Object.entries(steps)).get(event.key);
      if (!step) return;
      event.preventDefault();
      this.go({ cell, tile: (this.place?.tile ?? 0) + step });
    });
  }

  /** A finger that stays on a unit looks, and may go on over its maps; a tap unplugs, as a click. */
  listenToFingers() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let isLooking = false;
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      clearTimeout(timer);
      isLooking = false;
      const cell = cellAt(event);
      if (!cell || event.pointerType !== "touch") return;
      timer = setTimeout(() => {
        isLooking = true;
        this.go({ cell, tile: this.tileAt(cell, event) });
      }, HOLD);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      element.addEventListener(end, () => clearTimeout(timer));
    }
    const prevent = (/** @type {Event} */ event) => {
      if (isLooking) event.preventDefault();
    };
    element.addEventListener("contextmenu", prevent);
    findText(element, ".nets").addEventListener("touchmove", prevent, { passive: false });
    const stop = (/** @type {Event} */ event) => {
      if (isLooking) event.stopPropagation();
      isLooking = false;
    };
    element.addEventListener("click", stop, { capture: true });
  }

  /** @param {HTMLElement} cell */
  hasTiles(cell) {
    return Boolean(this.shown.get(cell) && LENSES[this.lens].tiles);
  }

  /** @param {HTMLElement} cell */
  tilesToASide(cell) {
    return this.props.tiled / this.shown.get(cell).size;
  }

  /**
   * @param {HTMLElement} cell
   * @param {PointerEvent} event
   */
  tileAt(cell, event) {
    if (!this.hasTiles(cell)) return 0;
    const side = this.tilesToASide(cell);
    const box = find(cell, "canvas", HTMLCanvasElement).getBoundingClientRect();
    const along = (/** @type {number} */ way, /** @type {number} */ length) =>
      Math.min(side - 1, Math.max(0, Math.floor((side * way) / length)));
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return side * along(y, box.height) + along(x, box.width);
  }

  /** @param {{cell: HTMLElement, tile: number}} place */
  go(place) {
    this.place = place;
    this.point();
  }

  point() {
    const lens = LENSES[this.lens];
    const pointed = findText(this.element, ".pointed");
    for (const cell of this.element.querySelectorAll(".pointed-at")) {
      cell.classList.remove("pointed-at");
    }
    const data = this.place && this.shown.get(this.place.cell);
    if (!this.place || !data || isOut(this.place.cell)) {
      setText(pointed, hint(Boolean(lens?.tiles)));
      return;
    }
    const { cell, tile } = this.place;
    cell.classList.add("pointed-at");
    const last = (lens.tiles?.(data) ?? 1) - 1;
    this.place.tile = Math.min(last, Math.max(0, tile));
    const words = lens.words(data, this.place.tile);
    setText(pointed, t("{cell}: {words}.", { cell: `${cell.dataset.place}`, words }));
  }
}

/**
 * Takes away what another lens has put there. The same lens writes over its own instead: an emptied
 * canvas has to be made anew.
 * @param {HTMLElement} cell
 * @param {HTMLElement} note
 */
function empty(cell, note) {
  const canvas = find(cell, "canvas", HTMLCanvasElement);
  canvas.width = canvas.height = 1;
  findText(cell, ".figures").replaceChildren();
  cell.classList.remove("tiled", "parting");
  cell.removeAttribute("aria-description");
  setText(note, "");
}

/** @param {boolean} hasMaps */
function hint(hasMaps) {
  if (isTouch()) {
    return hasMaps
      ? t("Keep a finger on a map to read what it shows; a tap unplugs the unit.")
      : t("Keep a finger on a unit to read what it shows; a tap unplugs the unit.");
  }
  return hasMaps
    ? t(
        "Point at a map to read what it shows. With keys: Tab and arrows to a unit, Shift and arrows through its maps.",
      )
    : t("Point at a unit to read what it shows. With keys: Tab and arrows.");
}

const isOut = (/** @type {HTMLElement} */ cell) => cell.classList.contains("out");

/** @param {Event} event */
function cellAt({ target }) {
  const cell = target instanceof Element ? target.closest(".cell") : null;
  return cell instanceof HTMLElement ? cell : null;
}

/**
 * @param {HTMLElement} cell
 * @param {Unit} unit
 * @param {boolean} stays in, whatever is wanted
 */
function mark(cell, unit, stays) {
  const isStuck = unit.is_out && stays;
  cell.classList.toggle("out", unit.is_out && !stays);
  cell.classList.toggle("stuck", isStuck);
  const over = isStuck ? t("can’t be removed: it changes the size") : t("out");
  setText(findText(cell, ".over"), unit.is_out ? over : "");
}
