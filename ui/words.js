// @ts-check
// What a net answers, what is done to it and what was measured of it, in words.

import { listed, t, tn } from "./language.js";
import { isWhole } from "./page.js";

/**
 * @typedef {import("./page.js").Unit} Unit
 * @typedef {import("./page.js").Net} Net
 * @typedef {import("./page.js").Answer} Answer
 *
 * @typedef {object} Effect what it comes to for a net; units are counted from 1
 * @property {number[]} out
 * @property {number[]} kept taken out, but in this net they stay
 * @property {number[]} cut whose shortcut is cut
 * @property {[number, number][]} turned unit and dial
 *
 * @typedef {object} Table test digits read right
 * @property {number} total
 * @property {number} whole
 * @property {Record<string, number>} [out] by units: "2,4"
 * @property {Record<string, number>} [cut] by unit
 * @property {Record<string, Record<string, number>>} [dial] by unit and dial
 *
 * @typedef {object} Measured
 * @property {Table} shipped of the net itself
 * @property {Table[]} seeds of the same net, trained from other seeds
 * @property {number | null} epochs that those were trained
 */

/**
 * What a net takes a drawing for: a digit, or a number as its digits in order; null for neither.
 * @typedef {number | string | null} Read
 * @typedef {Pick<Answer, "digit" | "number">} Said
 */

/**
 * @param {Said} answer
 * @returns {Read}
 */
export const readOf = ({ digit, number }) => number ?? digit;

/**
 * A net's answer to the picture that it was shown last: to the whole drawing, or to a digit of a number.
 * @param {import("./page.js").Reply} reply
 * @param {import("./page.js").Variant} variant
 * @returns {Answer}
 */
export function answerTo({ answers, part }, variant) {
  const answer = answers[variant];
  return answer?.digits?.[part ?? 0] ?? answer;
}

/**
 * How sure a net is of all that it reads: of each digit, multiplied.
 * @param {Answer} answer
 */
export const certaintyOf = ({ probabilities, digits }) =>
  (digits ?? [{ probabilities }]).reduce(
    (product, { probabilities }) => product * Math.max(0, ...(probabilities ?? [])),
    1,
  );

/**
 * A digit in words, or a number; null for none.
 * @param {Read} digit
 */
export const aDigit = (digit) => {
  if (digit === null) return t("no digit");
  if (typeof digit === "string") return digit;
  return digit === 8 ? t("an {digit}", { digit }) : t("a {digit}", { digit });
};

/**
 * What altered units come to for one net: some plain units cannot be taken out, and there is no
 * shortcut to cut. Without a net: what was done, to whichever.
 * @param {Unit[]} units
 * @param {Pick<Net, "stays" | "hasShortcuts"> | null} net
 * @returns {Effect}
 */
export function effect(units, net = null) {
  const which = (/** @type {(unit: Unit, number: number) => boolean} */ test) =>
    units.flatMap((unit, i) => (test(unit, i + 1) ? [i + 1] : []));
  const stays = (/** @type {number} */ i) => Boolean(net?.stays.includes(i));
  return {
    out: which((unit, i) => unit.is_out && !stays(i)),
    kept: which((unit, i) => unit.is_out && stays(i)),
    cut: which((unit) => !unit.has_shortcut && net?.hasShortcuts !== false),
    turned: which((unit) => unit.dial !== 1).map((i) => [i, units[i - 1].dial]),
  };
}

/** @param {Effect} done */
export const isNothing = ({ out, cut, turned }) => out.length + cut.length + turned.length === 0;

/**
 * "Unit 2 is out, the f of unit 4 is × 0.5", or "" for a whole net.
 * @param {Effect} done
 */
export function told({ out, cut, turned }) {
  const list = { out: listed(out), cut: listed(cut) };
  const parts = turned.map(([unit, dial]) => t("the f of unit {unit} is × {dial}", { unit, dial }));
  if (cut.length > 0) {
    parts.unshift(tn("shortcut {cut} is cut", "shortcuts {cut} are cut", cut.length, list));
  }
  if (out.length > 0)
    parts.unshift(tn("unit {out} is out", "units {out} are out", out.length, list));
  const text = parts.join(t(", "));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * The same on one short line, for a card.
 * @param {Effect} done
 */
export function brief(done) {
  const { out, cut, turned } = done;
  const count = out.length + cut.length + turned.length;
  if (count > 1) return t("{count} parts altered", { count });
  if (turned.length === 0) return told(done);
  const [[unit, dial]] = turned;
  return t("Unit {unit}: f × {dial}", { unit, dial });
}

/**
 * The share of test digits read right so; undefined where it was not measured.
 * @param {Table} table
 * @param {Effect} done
 */
function share(table, { out, cut, turned }) {
  const kinds = [out, cut, turned].filter((items) => items.length > 0);
  let right;
  if (kinds.length === 0) right = table.whole;
  else if (kinds.length > 1) right = undefined;
  else if (out.length > 0) right = table.out?.[out.join(",")];
  else if (cut.length === 1) right = table.cut?.[cut[0]];
  else if (turned.length === 1) right = table.dial?.[turned[0][0]]?.[turned[0][1]];
  return right === undefined ? undefined : right / table.total;
}

/**
 * Digits and their probabilities, the likeliest first.
 * @param {number[]} probabilities
 */
export const likeliest = (probabilities) =>
  [...probabilities.entries()].sort(([, a], [, b]) => b - a);

/** @param {number} probability */
export const percent = (probability) => `${(100 * probability).toFixed(1)} %`;

/** @param {number} share */
export const inPercent = (share) => (100 * share).toFixed(2);

/**
 * What was measured of a net so, and how far it goes over seeds.
 * @param {Pick<Net, "measured">} net
 * @param {Effect} done
 * @returns {{text: string, seeds: string}}
 */
export function measured(net, done) {
  if (!net.measured) return { text: t("no measured figures for these weights"), seeds: "" };
  const { shipped, seeds, epochs } = net.measured;
  const found = share(shipped, done);
  if (found === undefined) return { text: t("not measured in this combination"), seeds: "" };
  const whole = inPercent(shipped.whole / shipped.total);
  const figures = { share: inPercent(found), total: shipped.total.toLocaleString("en"), whole };
  const others = seeds.map((seed) => share(seed, done)).filter((value) => value !== undefined);
  return {
    text: isNothing(done)
      ? t("{share} % of {total} test digits", figures)
      : t("{share} % of {total} test digits ({whole} % when whole)", figures),
    seeds: others.length > 1 ? overSeeds(others, epochs) : "",
  };
}

/**
 * @param {number[]} shares
 * @param {number | null} epochs
 */
function overSeeds(shares, epochs) {
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map(inPercent);
  const figures = { count: shares.length, least, most };
  if (!epochs) return t("{count} other trainings: {least} to {most} %", figures);
  return tn(
    "{count} other trainings, {n} epoch each: {least} to {most} %",
    "{count} other trainings, {n} epochs each: {least} to {most} %",
    epochs,
    figures,
  );
}

/**
 * What an answer is now, beside what the whole net said to the same drawing, if that is known.
 * @param {Said} answer
 * @param {Said | null | undefined} before
 */
export function reading(answer, before) {
  if (!before) return aDigit(readOf(answer));
  const [now, was] = [answer, before].map(readOf).map(aDigit);
  if (now === was) return t("still {now}", { now });
  return t("now {now} (was {was})", { now, was });
}

/**
 * What was done to both nets, or that nothing was.
 * @param {Unit[]} units
 * @param {number} nets
 */
export function stateOf(units, nets) {
  if (units.every(isWhole)) return nets > 1 ? t("Both nets are whole.") : t("The net is whole.");
  return t("{what}.", { what: told(effect(units)) });
}

/**
 * Why a net is not altered as was wanted, or "".
 * @param {Effect} own
 * @param {Effect} wanted
 */
export function aside(own, wanted) {
  const reasons = [];
  const { kept } = own;
  if (kept.length > 0) {
    reasons.push(
      tn(
        "unit {units} changes the size, so it can’t be removed",
        "units {units} change the size, so they can’t be removed",
        kept.length,
        { units: listed(kept) },
      ),
    );
  }
  if (own.cut.length < wanted.cut.length) reasons.push(t("there is no shortcut to cut"));
  return reasons.length > 0 ? t(" ({reasons})", { reasons: reasons.join(t("; ")) }) : "";
}

/**
 * What lies behind answers that part, where one unit alone is altered; or "".
 * @param {Effect} done
 * @param {Record<string, boolean>} isChanged by variant, whether a net reads another digit than whole
 */
export function why({ out, cut, turned }, isChanged) {
  if (out.length + cut.length + turned.length !== 1) return "";
  if (out.length === 1 && isChanged.plain && !isChanged.residual) {
    return t(
      "The shortcut carries the maps round the gap; without it the next unit gets maps that it never met in training.",
    );
  }
  if (cut.length === 1 && isChanged.residual) {
    return t(
      "Trained with its shortcut, the unit has learnt to add to what it gets, not to replace it.",
    );
  }
  return "";
}
