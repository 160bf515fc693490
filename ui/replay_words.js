// @ts-check
// Which net saw the digit first, and what the other took it for meanwhile.

import { aDigit } from "./words.js";

/**
 * @typedef {import("./replay_history.js").Moment} Moment
 * @typedef {{variant: import("./page.js").Variant, title: string}} Net
 *
 * @typedef {object} Span a net that says the same all the while
 * @property {number | null} digit
 * @property {number} from share of the line
 * @property {number} to
 *
 * @typedef {object} Mind what a net says in the end
 * @property {string} name
 * @property {number | null} digit
 * @property {number} from share of the line from which it says nothing else
 * @property {number | null} before what it said last before that
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
  if (minds.length < 2) return minds.map((mind) => `${capital(alone(mind))}.`).join("");
  const [one, other] = minds;
  if (one.digit !== other.digit) return `${capital(alone(one))}; ${alone(other)}.`;
  if (one.digit === null) return "Neither net saw a digit in it.";
  const digit = `the ${one.digit}`;
  if (one.from === other.from) return `Both nets settled on ${digit} at once, ${when(one)}.`;
  const [first, second] = one.from < other.from ? [one, other] : [other, one];
  const late = `${second.name} ${meanwhile(second)} until ${percent(second.from)}`;
  return `${capital(first.name)} settled on ${digit} first, ${when(first)}; ${late}.`;
}

/** @param {Mind} mind */
function meanwhile({ before, spans }) {
  if (spans > 2) return "wavered";
  return before === null ? "saw no digit" : `took it for ${aDigit(before)}`;
}

/** @param {Net} net */
const nameOf = ({ title }) => `the net ${title.toLowerCase()}`;

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
  return { name: nameOf(net), digit, from, before, spans: spans.length };
}

/** @param {Mind} mind */
const alone = (mind) =>
  mind.digit === null
    ? `${mind.name} saw no digit in it`
    : `${mind.name} settled on ${aDigit(mind.digit)} ${when(mind)}`;

/** @param {Mind} mind */
const when = ({ from, spans }) =>
  spans === 1 ? "from its first answer on" : `after ${percent(from)} of the line`;

/** @param {number} share */
export const percent = (share) => `${Math.round(100 * share)} %`;

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
