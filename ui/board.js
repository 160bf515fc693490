// @ts-check
// The board: what a visitor wants of the nets, and what the last answer shows of their inside.

import { Cells } from "./board_cells.js";
import { find, findButton, findText, isTouch, make, setContent, setText } from "./dom.js";
import { t } from "./language.js";
import { drawingOf, isWhole, page, shownUnits, WHOLE, wholeUnits } from "./page.js";
import { partingInWords } from "./parting.js";
import { rove } from "./roving.js";
import { onSight } from "./server.js";
import { speak } from "./spoken.js";
import {
  answerTo,
  aside,
  brief,
  effect,
  isNothing,
  measured,
  reading,
  stateOf,
  why,
} from "./words.js";

/**
 * @typedef {import("./page.js").State} State
 * @typedef {import("./page.js").Net} Net
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {import("./page.js").Unit} Unit
 *
 * @typedef {object} Props
 * @property {Net[]} nets
 * @property {number} units of each net
 * @property {number} side of the picture that the nets see, in pixels
 * @property {number} tiled pixels to a side of a cell's maps
 */

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
export function mount(element, props) {
  const cells = new Cells(element, props);
  const whole = wholeReply();
  const render = () => {
    const { state } = page;
    if (!state.board) return; // the address has not been read yet
    cells.show(state, state.board);
    showNotes(state, props.nets);
    showWords(element, state, props.nets, whole(state.reply));
  };
  page.set({ nets: props.nets });
  page.subscribe(["board"], ({ board }) => {
    if (board) showControls(element, board);
  });
  page.subscribe(["board", "reply"], render);
  page.subscribe(["path"], ({ path }) => cells.light(path));
  speak(findText(element, ".said"), findText(element, ".spoken"), element);
  // Light and dark are a class on the body: what was painted in ink follows.
  const repaint = () => {
    cells.colours.clear();
    render();
  };
  new MutationObserver(repaint).observe(document.body, { attributeFilter: ["class"] });
  listen(element, props.units);
  for (const row of element.querySelectorAll("[data-net]")) rove([arcsOf(row), cellsOf(row)]);
  // Far out of sight, under another tab too, nothing has to be asked for the board.
  const nearby = { rootMargin: "240px" }; // so that nobody scrolls to empty pictures
  const noteSight = (/** @type {boolean} */ isBoardInSight) => {
    findText(element, ".board").dataset.inSight = `${isBoardInSight}`;
    page.set({ isBoardInSight });
  };
  onSight(findText(element, ".nets"), noteSight, nearby);
}

// --- what the visitor wants ----------------------------------------------------------------------

/**
 * @param {number} number of the unit, from 1
 * @param {(unit: Unit) => Partial<Unit>} how
 */
function change(number, how) {
  const { board } = page.state;
  if (!board) return;
  const units = board.units.map((unit, i) => (i === number - 1 ? { ...unit, ...how(unit) } : unit));
  page.set({ board: { ...board, units } });
}

/**
 * With a finger a dial goes to where it is tapped, and a swipe over it scrolls: see touch.css.
 * @param {MouseEvent} event
 */
function turnToTap(event) {
  const label = event.target instanceof Element ? event.target.closest(".dial") : null;
  const dial = label?.querySelector("input");
  if (!dial || !isTouch() || event.target === dial || dial.disabled) return;
  event.preventDefault();
  const { left, width } = dial.getBoundingClientRect();
  const share = (event.clientX - left) / width;
  dial.value = `${Number(dial.min) + share * (Number(dial.max) - Number(dial.min))}`; // to a step
  dial.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {Unit} unit */
const cut = ({ is_out, has_shortcut }) => (is_out ? {} : { has_shortcut: !has_shortcut });

/**
 * @param {HTMLElement} element
 * @param {number} count of units
 */
function listen(element, count) {
  const back = findButton(element, ".back");
  element.addEventListener("click", (event) => {
    const { unit, arc } = buttonAt(event)?.dataset ?? {};
    // A unit that is out is nothing but its shortcut: there is nothing left to cut or to turn.
    if (unit) change(Number(unit), ({ is_out }) => ({ ...WHOLE, is_out: !is_out }));
    else if (arc) change(Number(arc), cut);
  });
  element.addEventListener("click", turnToTap);
  back.addEventListener("click", () => {
    const { board } = page.state;
    if (board) page.set({ board: { ...board, units: wholeUnits(count) } });
    findButton(element, "[data-unit]").focus({ preventScroll: true }); // this button is off now
  });
  element.addEventListener("input", ({ target }) => {
    const { board } = page.state;
    if (!(target instanceof HTMLInputElement) || !board) return;
    if (target.name === "lens") page.set({ board: { ...board, lens: target.value } });
    else change(Number(target.dataset.dial), () => ({ dial: target.valueAsNumber }));
  });
}

/** @param {Element} row */
const cellsOf = (row) => [
  .../** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll(".cell")),
];

/**
 * The shortcuts over the cells.
 * @param {Element} row
 */
const arcsOf = (row) =>
  cellsOf(row).map(({ dataset }) => {
    const arc = row.querySelector(`[data-arc="${dataset.cell}"]`);
    return arc instanceof HTMLElement ? arc : null;
  });

/** @param {Event} event */
const buttonAt = ({ target }) => (target instanceof Element ? target.closest("button") : null);

/**
 * @param {HTMLElement} element
 * @param {import("./page.js").Board} board
 */
function showControls(element, { units, lens }) {
  units.forEach((unit, i) => {
    for (const button of element.querySelectorAll(`[data-unit="${i + 1}"]`)) {
      button.toggleAttribute("data-out", unit.is_out);
      button.ariaLabel = unit.is_out
        ? t("Plug unit {n} back in", { n: i + 1 })
        : t("Unplug unit {n}", { n: i + 1 });
    }
    const arc = element.querySelector(`[data-arc="${i + 1}"]`);
    if (arc instanceof HTMLButtonElement) {
      arc.toggleAttribute("data-cut", !unit.has_shortcut);
      arc.ariaLabel = arc.title = unit.has_shortcut
        ? t("Cut the shortcut of unit {n}", { n: i + 1 })
        : t("Mend the shortcut of unit {n}", { n: i + 1 });
      arc.ariaDisabled = `${unit.is_out}`; // it keeps the focus, and its place in the row
    }
    const dial = find(element, `[data-dial="${i + 1}"]`, HTMLInputElement);
    const label = /** @type {HTMLLabelElement} */ (dial.closest("label"));
    dial.disabled = unit.is_out;
    dial.value = `${unit.dial}`;
    label.classList.toggle("turned", unit.dial !== 1);
    setText(find(label, "output", HTMLOutputElement), unit.is_out ? "–" : `${unit.dial}`);
  });
  // Nothing that is altered hides.
  const isTurned = units.some(({ dial }) => dial !== 1);
  if (isTurned) find(element, ".volumes", HTMLDetailsElement).open = true;
  findButton(element, ".back").disabled = units.every(isWhole);
  find(element, `[name="lens"][value="${lens}"]`, HTMLInputElement).checked = true;
}

// --- what is shown -------------------------------------------------------------------------------

/** Remembers what the whole nets last said, and gives it for the drawing that it was said of. */
function wholeReply() {
  /** @type {Reply | null} */
  let whole = null;
  return (/** @type {Reply | null} */ reply) => {
    if (reply?.asked.board?.units.every(isWhole) ?? Boolean(reply)) whole = reply;
    const isSame = whole && reply && drawingOf(whole.asked) === drawingOf(reply.asked);
    return isSame ? whole : null;
  };
}

/**
 * Wherever an answer of an altered net stands, it says so.
 * @param {Readonly<State>} state
 * @param {Net[]} nets
 */
function showNotes(state, nets) {
  for (const note of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("[data-altered]")
  )) {
    const net = nets.find(({ variant }) => variant === note.dataset.altered);
    setText(note, brief(effect(shownUnits(state), net)));
  }
}

/**
 * @param {HTMLElement} element
 * @param {Readonly<State>} state
 * @param {Net[]} nets
 * @param {Reply | null} before what the whole nets said to this
 */
function showWords(element, state, nets, before) {
  const units = shownUnits(state);
  const done = effect(units);
  /** @type {(HTMLElement | string)[]} */
  const spoken = [`${stateOf(units, nets.length)} `];
  /** @type {Record<string, boolean>} */
  const isChanged = {};
  for (const net of nets) {
    const answer = state.reply && answerTo(state.reply, net.variant);
    if (!answer?.probabilities) continue;
    const was = isNothing(done) ? null : before && answerTo(before, net.variant);
    const own = effect(units, net);
    isChanged[net.variant] = Boolean(was && was.digit !== answer.digit);
    spoken.push(
      nameOf(net),
      t("{aside}: {reading}. ", { aside: aside(own, done), reading: reading(answer, was) }),
    );
  }
  spoken.push(`${why(done, isChanged)} `, partingInWords(state.reply, nets));
  if (!state.reply) spoken.push(t("Draw a digit and watch it go through."));
  setContent(findText(element, ".said"), spoken);
  setContent(findText(element, ".measured"), figures(units, nets));
  setText(findText(element, ".closed"), state.reply?.closed ?? "");
}

/** @param {Net} net */
const nameOf = ({ variant, title }) => make("b", { className: variant, textContent: title });

/**
 * @param {Unit[]} units
 * @param {Net[]} nets
 * @returns {(HTMLElement | string)[]}
 */
function figures(units, nets) {
  if (!nets.some((net) => net.measured)) return [t("No measured figures for these weights.")];
  return nets.flatMap((net) => {
    const { text, seeds } = measured(net, effect(units, net));
    const more = make("small", { textContent: seeds && ` · ${seeds}` });
    return [nameOf(net), t(": {text}", { text }), more, make("br")];
  });
}
