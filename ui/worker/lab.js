// @ts-check
// The steps from a drawing to the picture, one by one, any left out: resnet/lab.py once more.

import { inkOf, resampled, spanOfInk } from "./image.js";
import { blank, checked, drawn, InkError, mapped, scaleTo, span } from "./ink.js";

/**
 * @typedef {import("./ink.js").InkRules} InkRules
 *
 * @typedef {object} LabRules the numbers of resnet/lab.py, as they come with the nets
 * @property {string[]} steps
 * @property {number} sheet
 * @property {number} thinnest
 * @property {number} thickest
 * @property {number} beyond
 */

/**
 * @param {any} strokes
 * @param {import("../page.js").Lab} wish
 * @param {LabRules} rules
 * @param {InkRules} inkRules
 * @returns {Float32Array[]} as drawn, then after each of the steps
 */
export function stepsOfStrokes(strokes, { on, pen }, rules, inkRules) {
  const { sheet, thinnest, thickest, beyond } = rules;
  // Written so that it is false for a NaN.
  if (!(pen >= thinnest && pen <= thickest)) {
    throw new InkError("The pen's thickness is not one that there is.");
  }
  const lines = checked(strokes, inkRules);
  if (lines.flat(2).some((at) => Math.abs(at) > beyond)) {
    throw new InkError("A stroke is too far from the sheet.");
  }
  return stagesOf(on, rules).map((done) =>
    lines.length > 0 ? stroked(lines, done, pen, sheet, inkRules) : blank(inkRules),
  );
}

/**
 * An image has no strokes: its lines stay as they are.
 * @param {import("./image.js").Pixels} pixels
 * @param {import("../page.js").Lab} wish
 * @param {LabRules} rules
 * @param {InkRules} inkRules
 * @returns {Float32Array[]} as drawn, then after each of the steps
 */
export function stepsOfImage(pixels, { on }, rules, inkRules) {
  const ink = inkOf(pixels, inkRules);
  return stagesOf(on, rules).map((done) => (ink ? windowed(ink, done, inkRules) : blank(inkRules)));
}

/**
 * The steps taken at each picture, from none to all that are on.
 * @param {string[]} on
 * @param {LabRules} rules
 */
function stagesOf(on, { steps }) {
  return [...steps.keys(), steps.length].map(
    (count) => new Set(steps.slice(0, count).filter((step) => on.includes(step))),
  );
}

/**
 * Pixels that the larger side of the window's content has.
 * @param {Set<string>} done
 * @param {InkRules} rules
 */
const sideOf = (done, { box, side }) => (done.has("box") ? box : side);

/**
 * The picture of strokes after these steps.
 * @param {import("./ink.js").Line[]} lines
 * @param {Set<string>} done
 * @param {number} pen
 * @param {number} sheet
 * @param {InkRules} rules
 */
function stroked(lines, done, pen, sheet, rules) {
  const side = sideOf(done, rules);
  const isAnew = done.has("line");
  let middle = pointAt(sheet / 2, sheet / 2);
  let scale = side / sheet;
  if (done.has("crop")) {
    const whole = span(lines);
    middle = whole.middle;
    scale = isAnew ? scaleTo(side, whole.extent, rules.line) : side / (whole.extent + pen);
  }
  const width = isAnew ? rules.line : pen * scale;
  return drawn(mapped(lines, middle, scale, rules), width, done.has("centre"), rules);
}

/**
 * The picture of an image's ink after these steps.
 * @param {import("./image.js").Grid} ink
 * @param {Set<string>} done
 * @param {InkRules} rules
 */
function windowed(ink, done, rules) {
  const { width, height } = ink;
  const whole = { middle: pointAt(width / 2, height / 2), extent: Math.max(width, height) };
  const { middle, extent } = done.has("crop") ? spanOfInk(ink) : whole;
  return resampled(ink, middle, extent / sideOf(done, rules), done.has("centre"), rules);
}

/**
 * @param {number} x
 * @param {number} y
 * @returns {import("./ink.js").Point}
 */
const pointAt = (x, y) => [x, y];
