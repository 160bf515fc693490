// @ts-check
// What the triangles of nets say of a drawing, in words.

import { t, tn } from "./language.js";
import { aDigit, reading, told } from "./words.js";

const ROW = 2; // units out: the headline's row

/**
 * @typedef {import("./page.js").EveryWay} EveryWay
 *
 * @typedef {object} Net
 * @property {import("./page.js").Variant} variant
 * @property {string} title
 * @property {number[][]} ways the units that are out in each of its nets; the first is whole
 */

/**
 * How many nets of each row still say what the whole one says, of how many; nobody keeps what was
 * no digit.
 * @param {number[][]} ways
 * @param {EveryWay} said
 */
export function kept(ways, { digits }) {
  const rows = ways.reduce((most, out) => Math.max(most, out.length), 0) + 1;
  const counts = Array.from({ length: rows }, () => ({ same: 0, total: 0 }));
  ways.forEach(({ length }, index) => {
    counts[length].total += 1;
    if (digits[index] !== null && digits[index] === digits[0]) counts[length].same += 1;
  });
  return counts;
}

/**
 * The finding of one net, without its name.
 * @param {Net} net
 * @param {EveryWay} said
 */
export function finding({ ways }, said) {
  const [whole] = said.digits;
  if (whole === null) return t("the whole net sees no digit here");
  const { same, total } = kept(ways, said)[ROW];
  return tn(
    "{same} of {total} nets still reads {digit}",
    "{same} of {total} nets still read {digit}",
    same,
    { same, total, digit: aDigit(whole) },
  );
}

/**
 * One net: what is out, and what it says.
 * @param {number[]} out
 * @param {number} index
 * @param {EveryWay | null} said
 */
export function named(out, index, said) {
  const units = told({ out, kept: [], cut: [], turned: [] }) || t("The whole net");
  if (!said) return t("{what}.", { what: units });
  const [whole, digit] = [said.digits[0], said.digits[index]];
  const before = index === 0 ? null : { digit: whole };
  const read = { units, reading: reading({ digit }, before) };
  if (digit === null) return t("{units}: {reading}.", read);
  const certainty = (100 * said.certainties[index]).toFixed(1);
  return t("{units}: {reading}, {certainty} %.", { ...read, certainty });
}
