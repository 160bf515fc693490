// @ts-check
// What a net says to a drawing that may be a number: Classifier.read and reread once more, and which
// digit is looked into, as in ui/reading.py.

import { answerOf } from "./calibration.js";
import { alters, input, trace } from "./net.js";
import * as runtime from "./runtime.js";

/**
 * @typedef {import("./net.js").Net} Net
 * @typedef {import("./several.js").Drawing} Drawing
 * @typedef {import("../page.js").Answer} Answer
 * @typedef {import("../page.js").Board} Board
 * @typedef {import("../page.js").Variant} Variant
 */

/**
 * @param {Net} net
 * @param {Board | null} board
 */
export const isAltered = (net, board) =>
  Boolean(board?.units.some((how, index) => alters(net.units[index], how)));

/**
 * @param {Net} net
 * @param {Float32Array} picture
 * @param {Board | null} board
 */
export const answered = (net, picture, board) =>
  runtime.scope(() => {
    const { logits } = trace(net, input(net, picture), board?.units);
    return answerOf(picture, runtime.valuesOf(logits), net.calibration, !isAltered(net, board));
  });

/**
 * Classifier.read: the answer to the whole, with the digits that it falls into if it is a number.
 * @param {Net} net
 * @param {Drawing} drawing
 */
export function readBy(net, drawing) {
  const whole = answered(net, drawing.whole, null);
  if (whole.digit !== null) return whole;
  const digits = drawing.digits.map((picture) => answered(net, picture, null));
  const { likely } = net.rules.several;
  const isNumber =
    digits.length > 0 &&
    digits.every(({ digit, is_digit }) => digit !== null && is_digit >= likely);
  return isNumber ? numbered(whole, digits) : whole;
}

/**
 * Classifier.reread: what the net says as it is altered.
 * @param {Net} net
 * @param {Drawing} drawing
 * @param {Answer} whole what it says when whole
 * @param {Board | null} board
 */
export function reread(net, drawing, whole, board) {
  if (!isAltered(net, board)) return whole;
  if (!whole.digits) return answered(net, drawing.whole, board);
  const digits = drawing.digits.map((picture) => answered(net, picture, board));
  return numbered(whole, digits);
}

/**
 * @param {Answer} whole
 * @param {Answer[]} digits
 * @returns {Answer}
 */
const numbered = (whole, digits) => ({
  ...whole,
  number: digits.map(({ digit }) => digit).join(""),
  digits,
});

/**
 * The digit to look into: the one that is wished, or the one that the pen drew last.
 * @param {Drawing} drawing
 * @param {Partial<Record<Variant, Answer>>} found
 * @param {number} [wish]
 */
export function partOf({ digits, last }, found, wish) {
  if (!Object.values(found).some((answer) => answer.digits)) return null;
  return Math.min(wish ?? last, digits.length - 1);
}

/**
 * @param {Drawing} drawing
 * @param {number | null} part
 */
export const pictureOf = ({ whole, digits }, part) => (part === null ? whole : digits[part]);
