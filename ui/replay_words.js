// @ts-check
// Which net saw the digit first, and what the other took it for meanwhile.

import { inARow, t } from "./language.js";
import { aDigit } from "./words.js";

/**
 * @typedef {import("./replay_history.js").Moment} Moment
 * @typedef {import("./words.js").Read} Read
 * @typedef {{variant: import("./page.js").Variant, title: string}} Net
 *
 * @typedef {object} Span a net that says the same all the while
 * @property {Read} digit
 * @property {number} from share of the line
 * @property {number} to
 *
 * @typedef {object} Mind what a net says in the end
 * @property {string} name as in "the net with shortcuts"
 * @property {Read} digit
 * @property {number} from share of the line from which it says nothing else
 * @property {Read} before what it said last before that
 * @property {number} spans
 */

/**
 * @param {Moment[]} moments
 * @param {import("./page.js").Variant} variant
 * @returns {Span[]}
 */
export function spansOf(moments, variant) {
  /** @type {Span[]} */
  const spans = [];
  for (const { share, said } of moments) {
    const last = spans[spans.length - 1];
    const { digit } = said[variant];
    if (last) last.to = share;
    if (!last || last.digit !== digit) spans.push({ digit, from: share, to: share });
  }
  return spans;
}

/**
 * @param {Moment[]} moments
 * @param {Net[]} nets
 */
export function storyOf(moments, nets) {
  const minds = nets.map((net) => mindOf(moments, net));
  const [one, other] = minds;
  if (!other || one.digit !== other.digit) return inARow(minds.map(alone));
  if (one.digit === null) return t("Neither net saw a digit in it.");
  const { digit } = one;
  if (one.from === other.from) {
    return t("Both nets settled on the {digit} at the same moment, {when}.", {
      digit,
      when: when(one),
    });
  }
  const [first, second] = one.from < other.from ? [one, other] : [other, one];
  const words = { digit, first: first.name, when: when(first), late: late(second) };
  return t("The net {first} settled on the {digit} first, {when}; {late}.", words);
}

/** @param {Mind} mind */
function late({ name, from, before, spans }) {
  const words = { name, share: rounded(from), digit: aDigit(before) };
  if (spans > 2) return t("the net {name} wavered until {share}", words);
  if (before === null) return t("the net {name} saw no digit until {share}", words);
  return t("the net {name} took it for {digit} until {share}", words);
}

/**
 * What a net says in the end, since when, and what it said before.
 * @param {Moment[]} moments
 * @param {Net} net
 * @returns {Mind}
 */
function mindOf(moments, net) {
  const spans = spansOf(moments, net.variant);
  const { digit, from } = spans[spans.length - 1];
  const before = spans[spans.length - 2]?.digit ?? null;
  return { name: net.title.toLowerCase(), digit, from, before, spans: spans.length };
}

/** @param {Mind} mind */
function alone(mind) {
  const { name, digit } = mind;
  if (digit === null) return t("The net {name} saw no digit in it.", { name });
  const words = { name, digit: aDigit(digit), when: when(mind) };
  return t("The net {name} settled on {digit} {when}.", words);
}

/** @param {Mind} mind */
const when = ({ from, spans }) =>
  spans === 1
    ? t("from its first answer on")
    : t("after {share} of the line", { share: rounded(from) });

/** @param {number} share */
export const rounded = (share) => `${Math.round(100 * share)} %`;
