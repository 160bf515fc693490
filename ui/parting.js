// @ts-check
// Where the nets part: up to which place a drawing looks like the same digit to both, through the
// lens "near".

import { t } from "./language.js";
import { aDigit } from "./words.js";

/**
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {import("./page.js").Net} Net
 *
 * @typedef {object} Look
 * @property {number} place 0 for the stem, or the number of a unit that is in, in all nets
 * @property {number[]} digits that it looks like there, of each net
 */

/**
 * What it looks like from the stem on; nothing without this lens, or without two nets.
 * @param {Reply | null} reply
 * @param {Net[]} nets
 * @returns {Look[]}
 */
function looks(reply, nets) {
  const { lens, units = [] } = reply?.asked.board ?? {};
  const rows = nets.map(({ variant }) => reply?.board?.[variant] ?? []);
  if (lens !== "near" || rows.length < 2) return [];
  const isOut = (/** @type {number} */ place) =>
    place > 0 && units[place - 1].is_out && nets.some(({ stays }) => !stays.includes(place));
  return Array.from({ length: Math.min(...rows.map((row) => row.length)) }, (_, place) => ({
    place,
    digits: rows.map((row) => row[place].digit),
  })).filter(({ place }) => !isOut(place));
}

/**
 * The first place where the nets differ, or -1.
 * @param {Reply | null} reply
 * @param {Net[]} nets
 */
export const partingOf = (reply, nets) => looks(reply, nets).find(isApart)?.place ?? -1;

/**
 * The same in a sentence, or "".
 * @param {Reply | null} reply
 * @param {Net[]} nets
 */
export function partingInWords(reply, nets) {
  const all = looks(reply, nets);
  if (all.length === 0) return "";
  const names = nets.map(({ title }) => title.toLowerCase());
  const parting = all.findIndex(isApart);
  const last = all[all.length - 1];
  if (parting < 0) {
    return isConstant(all)
      ? t("Up to {last} it looks {like}.", { last: at(last), like: like(last, names) })
      : t("It looks the same to both at every unit, at {last} like {digit}.", {
          last: at(last),
          digit: aDigit(last.digits[0]),
        });
  }
  const [before, after] = [all.slice(0, parting), all.slice(parting)];
  const isForGood = isConstant(after);
  const isLasting = isForGood && after.length > 1;
  const words = {
    where: at(after[0]),
    here: like(after[0], names),
    end: isForGood ? "" : t("; at {last} {like}", { last: at(last), like: like(last, names) }),
  };
  if (before.length === 0) {
    return isLasting
      ? t("From {where} on it looks {here}{end}.", words)
      : t("At {where} it looks {here}{end}.", words);
  }
  const more = {
    ...words,
    before: at(before[before.length - 1]),
    alike: isConstant(before) ? like(before[0], names) : t("the same to both"),
  };
  return isLasting
    ? t("Up to {before} it looks {alike}, from {where} on {here}{end}.", more)
    : t("Up to {before} it looks {alike}, at {where} {here}{end}.", more);
}

/** @param {Look} look */
const isApart = ({ digits }) => digits.some((digit) => digit !== digits[0]);

/** @param {Look[]} all */
const isConstant = (all) => all.every(({ digits }) => `${digits}` === `${all[0].digits}`);

/** @param {Look} look */
const at = ({ place }) => (place === 0 ? t("the stem") : t("unit {n}", { n: place }));

/**
 * "like a 4 to both", or "like a 4 with shortcuts and like a 9 without".
 * @param {Look} look
 * @param {string[]} names
 */
function like(look, names) {
  if (!isApart(look)) return t("like {digit} to both", { digit: aDigit(look.digits[0]) });
  return look.digits
    .map((digit, net) => t("like {digit} {net}", { digit: aDigit(digit), net: names[net] }))
    .join(t(" and "));
}
