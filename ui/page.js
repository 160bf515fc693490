// @ts-check
// The page's state: what stands on the pad, what is wanted of the nets, and what they answered.
//
// Its parts are modules that load in any order and know nothing of each other. Each puts what its
// visitor does into the state, and shows what of the state concerns it. page_link.js keeps the
// address at it, page_asking.js the answers.

import { empty } from "./drawing.js";

/**
 * @typedef {import("./drawing.js").Drawing} Drawing
 * @typedef {"residual" | "plain"} Variant
 *
 * @typedef {object} Unit what is wanted of one unit of both nets
 * @property {boolean} is_out
 * @property {boolean} has_shortcut
 * @property {number} dial how often f counts
 *
 * @typedef {{units: Unit[], lens: string}} Board
 * @typedef {{on: string[], pen: number}} Lab the steps of preparation that are on, and how thick the
 *   pen is, in units of the pad
 *
 * @typedef {object} Question what is sent to the server: Reader.read in reading.py
 * @property {import("./drawing.js").Stroke[]} [strokes]
 * @property {string} [image]
 * @property {number} [digit]
 * @property {Lab} [lab]
 * @property {Board} [board]
 * @property {number} [part] the digit of a number that is looked into, from 0; the one that was
 *   drawn last where nothing is said
 *
 * @typedef {Question & {net: Variant}} PathsQuestion a question to every net that is left of one
 *   with units out: Reader.every_way in reading.py
 *
 * @typedef {object} EveryWay their answers, in the order of resnet/paths.py: the bits of a net's
 *   index say which are out, of the units that can be
 * @property {(number | null)[]} digits
 * @property {number[]} certainties the probability of the likeliest digit
 *
 * @typedef {object} Answer
 * @property {number | null} digit
 * @property {number[] | null} probabilities
 * @property {number} is_digit
 * @property {string | null} reason
 * @property {string} [number] where the drawing is one
 * @property {Answer[]} [digits] of the number, from left to right
 *
 * @typedef {object} Reply what the server or the worker sends, and what it is the reply to
 * @property {Record<Variant, Answer>} answers
 * @property {string} picture base64 of the grey levels that the nets saw
 * @property {number} [part] the digit of a number that this is, from 0
 * @property {string[]} [steps] the same of every step, where the lab is open
 * @property {Record<Variant, any[]>} [board] a cell for the stem and for every unit
 * @property {string} [closed] why the lens shows nothing
 * @property {Record<string, string>} [digits] that cells name, by index: base64 of 28x28 grey levels
 * @property {number} [label] of a test digit
 * @property {boolean} [isHere] whether the worker of this page made it
 * @property {Question} asked
 * @property {Drawing} drawing
 *
 * @typedef {object} Net
 * @property {Variant} variant
 * @property {string} title
 * @property {number[]} stays the units that cannot be taken out
 * @property {boolean} hasShortcuts
 * @property {import("./words.js").Measured | null} measured
 *
 * @typedef {object} Shaken how alike a net's gradients are before and after a nudge
 * @property {number} layers
 * @property {Record<Variant, {cosine: number, words: string}>} nets
 *
 * @typedef {object} State
 * @property {Drawing} drawing
 * @property {boolean} isPenDown
 * @property {Board | null} board null until the address has been read
 * @property {boolean} isBoardInSight
 * @property {Lab | null} lab null while it is closed
 * @property {{variant: Variant, out: number[]} | null} path the units that a net is without that is
 *   pointed at in paths.js
 * @property {Reply | null} reply null while there is nothing to read, or it could not be read
 * @property {boolean} isAsking
 * @property {import("./page_reading.js").Reading | null} reading null until the pad is there
 * @property {string} trouble what went wrong with the last question, or ""
 * @property {string} refusal what is wrong with the file that was chosen last, or ""; until the
 *   drawing is another one
 * @property {Net[]} nets none until the board is there
 * @property {number} tour its step, from 1; 0 out of it
 * @property {Shaken | null} shaken what "Shake it" showed last
 * @property {{sheet: number, pen: number}} paper the pad's side and its usual pen, in units of strokes
 * @property {Variant | "both"} choice the nets whose answers are shown
 * @property {number | null} depth of the deeper nets shown in full; null for those that begin
 * @property {string} tab the name of the one that is open: app.py
 * @property {boolean} isPresenting
 * @property {string} notice one sentence on the page as a whole, or ""
 */

/**
 * @param {State} initial
 */
export function createPage(initial) {
  const state = { ...initial };
  const changes = new EventTarget(); // one listener's error keeps none of the others from theirs

  return {
    /** @type {Readonly<State>} */
    state,

    /**
     * Changes any number of parts, and then tells whoever listens to one of them, once.
     * @param {Partial<State>} change
     */
    set(change) {
      const parts = /** @type {(keyof State)[]} */ (Object.keys(change));
      const detail = parts.filter((part) => state[part] !== change[part]);
      Object.assign(state, change);
      if (detail.length > 0) changes.dispatchEvent(new CustomEvent("change", { detail }));
    },

    /**
     * Calls the listener now, for whatever came before it, and after every change of these parts.
     * @param {(keyof State)[]} parts
     * @param {(state: Readonly<State>) => void} listener
     */
    subscribe(parts, listener) {
      changes.addEventListener("change", (event) => {
        const { detail } = /** @type {CustomEvent<(keyof State)[]>} */ (event);
        if (detail.some((part) => parts.includes(part))) listener(state);
      });
      listener(state);
    },
  };
}

export const page = createPage({
  drawing: empty(),
  isPenDown: false,
  board: null,
  isBoardInSight: false,
  lab: null,
  path: null,
  reply: null,
  isAsking: false,
  reading: null,
  trouble: "",
  refusal: "",
  nets: [],
  tour: 0,
  shaken: null,
  paper: { sheet: 1, pen: 1 },
  choice: "both",
  depth: null,
  tab: "draw",
  isPresenting: false,
  notice: "",
});

/** @type {Unit} */
export const WHOLE = { is_out: false, has_shortcut: true, dial: 1 };

/** @param {number} count */
export const wholeUnits = (count) => Array.from({ length: count }, () => WHOLE);

/** @param {Unit} unit */
export const isWhole = (unit) => !unit.is_out && unit.has_shortcut && unit.dial === 1;

/**
 * What the nets were asked for that answered, or, while none has, what is wanted of them. None
 * stands for whole nets.
 * @param {Readonly<State>} state
 * @returns {Unit[]}
 */
export function shownUnits({ reply, board }) {
  return (reply ? reply.asked.board?.units : board?.units) ?? [];
}

/**
 * What a question is about, apart from the nets, as text.
 * @param {Question} question
 */
export const drawingOf = ({ board, ...drawing }) => JSON.stringify(drawing);
