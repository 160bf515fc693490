// @ts-check
// The steps of the tour. None knows its answer: it sets the stage, and says what came of it.

import { bringUp, find, findButton } from "./dom.js";
import { inARow, t } from "./language.js";
import { page, WHOLE, wholeUnits } from "./page.js";
import { effect, measured, reading, readOf } from "./words.js";

/**
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {{variant: Variant, title: string}} Net
 *
 * @typedef {object} Props
 * @property {Net[]} nets
 * @property {number} units of each net
 * @property {{isSo: boolean, why: string} | null} overfitting
 *
 * @typedef {object} Guess a choice, and its values with what they read
 * @property {string} name
 * @property {string} title
 * @property {[string, string][]} options
 *
 * @typedef {object} Result of one guess
 * @property {string} name
 * @property {string} value that it should have had
 * @property {string} text
 *
 * @typedef {object} Step
 * @property {string} ask
 * @property {string} place that it is about
 * @property {Guess[]} guesses
 * @property {() => string} lacks what has to be done before one can guess, or ""
 * @property {() => void} look
 * @property {() => Result[] | null} results null while they are on their way
 */

const ALTERED = 2; // the unit
const LAYERS = 34; // the first depth at which the shaken nets part
const ALIKE = 0.5; // the least cosine of what is more alike than not
const TAB = "depth"; // where the second and third step look

/**
 * @param {Props} props
 * @returns {Step[]}
 */
export function stepsOf(props) {
  return [unplug(props), shake(props), ...overfit(props)];
}

/**
 * @param {Net[]} nets
 * @param {[string, string][]} options
 * @returns {Guess[]}
 */
const ofEach = (nets, options) =>
  nets.map(({ variant, title }) => ({ name: variant, title, options }));

/**
 * @param {Props} props
 * @returns {Step}
 */
function unplug({ nets, units }) {
  const wanted = wholeUnits(units).with(ALTERED - 1, { ...WHOLE, is_out: true });
  /** @type {Reply["answers"] | null} what the whole nets said to the drawing */
  let before = null;
  return {
    ask: t("Unplug unit {unit}: it is gone from both nets. Who still reads your digit?", {
      unit: ALTERED,
    }),
    place: "#board .rows",
    guesses: ofEach(nets, [
      ["reads", t("still reads it")],
      ["loses", t("loses it")],
    ]),
    lacks() {
      const { reply } = page.state;
      const isRead = nets.some(({ variant }) => reply && readOf(reply.answers[variant]) !== null);
      before = reply && isRead && isOf(reply, wholeUnits(units)) ? reply.answers : null;
      return before ? "" : t("Draw a digit first.");
    },
    look() {
      const { board } = page.state;
      page.set({ board: board && { ...board, units: wanted } });
    },
    results() {
      const { reply } = page.state;
      const was = before;
      if (!reply || !was || !isOf(reply, wanted)) return null;
      return nets.map(({ variant }) => {
        const [first, now] = [was[variant], reply.answers[variant]].map(readOf);
        const reads = first === now;
        const text = reading(reply.answers[variant], was[variant]);
        const net = page.state.nets.find((one) => one.variant === variant);
        const figures = net ? [t("Measured: {text}.", measured(net, effect(wanted, net)))] : [];
        const said = inARow([t("{what}.", { what: text }), ...figures]);
        return { name: variant, value: reads ? "reads" : "loses", text: said };
      });
    },
  };
}

/**
 * @param {Reply} reply
 * @param {import("./page.js").Unit[]} units
 */
const isOf = ({ asked }, units) =>
  JSON.stringify(asked.board?.units ?? wholeUnits(units.length)) === JSON.stringify(units);

/**
 * @param {Props} props
 * @returns {Step}
 */
function shake({ nets }) {
  return {
    ask: t(
      "A new net of {layers} layers says where your drawing needs more ink or less. Nudge the drawing: does it say the same?",
      { layers: LAYERS },
    ),
    place: "#shake .nets",
    guesses: ofEach(nets, [
      ["alike", t("yes")],
      ["other", t("no")],
    ]),
    lacks: () => "",
    async look() {
      page.set({ tab: TAB, shaken: null });
      await isThere("#shake");
      find(document, `[name="shake-layers"][value="${LAYERS}"]`, HTMLInputElement).click();
      bringUp(this.place);
      if (!page.state.shaken) findButton(document, "[data-shake]").click();
    },
    results() {
      const { shaken } = page.state;
      if (shaken?.layers !== LAYERS) return null;
      return nets.map(({ variant }) => {
        const { cosine, words } = shaken.nets[variant];
        return {
          name: variant,
          value: cosine >= ALIKE ? "alike" : "other",
          text: t("{words} (cosine {cosine}).", { words, cosine: cosine.toFixed(2) }),
        };
      });
    },
  };
}

/**
 * @param {Props} props
 * @returns {Step[]} none where it was not measured
 */
function overfit({ overfitting }) {
  if (!overfitting) return [];
  const value = overfitting.isSo ? "yes" : "no";
  const guesses = [
    {
      name: "overfitting",
      title: t("Is it overfitting?"),
      options: /** @type {[string, string][]} */ ([
        ["yes", t("yes")],
        ["no", t("no")],
      ]),
    },
  ];
  return [
    {
      ask: t("Train deeper nets. Without shortcuts the deeper one reads fewer digits."),
      place: '[data-testid="overfitting"]',
      guesses,
      lacks: () => "",
      async look() {
        page.set({ tab: TAB });
        await isThere("#depth");
        bringUp(this.place);
        findButton(document, '#depth [data-guess=""]').click(); // the guess is made here
      },
      results: () => [
        {
          name: "overfitting",
          value,
          text: inARow([value === "yes" ? t("Yes.") : t("No."), overfitting.why]),
        },
      ],
    },
  ];
}

/**
 * A tab that was never open has nothing in it yet.
 * @param {string} place
 */
async function isThere(place) {
  while (!document.querySelector(`${place} [data-testid]`)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
