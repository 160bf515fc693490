// @ts-check
// Strokes as text, short enough for an address: a dot between two, each its first point and then
// steps, in units of a grid.

/**
 * @typedef {import("./drawing.js").Stroke} Stroke
 */

const GRID = 5; // units of the pad to one of the grid
const FARTHEST = 10_000; // units: a pen may leave the pad, but not like that
export const LONGEST = 1500; // characters
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"; // 63, 31 is no step
const FAR = "-"; // before a number that one digit does not hold, which then has two
const REACH = 31; // grid units a step of one digit goes at most
const [LOWEST, HIGHEST] = [-1900, 1900]; // grid units: what two digits hold

/** @param {number} value */
function number(value) {
  if (Math.abs(value) <= REACH) return DIGITS[value + REACH];
  const shifted = Math.min(HIGHEST, Math.max(LOWEST, value)) - LOWEST;
  return FAR + DIGITS[Math.floor(shifted / DIGITS.length)] + DIGITS[shifted % DIGITS.length];
}

/** @param {string} text */
function numbers(text) {
  const found = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== FAR) found.push(DIGITS.indexOf(text[i]) - REACH);
    else found.push(DIGITS.indexOf(text[++i]) * DIGITS.length + DIGITS.indexOf(text[++i]) + LOWEST);
  }
  return found;
}

/**
 * The stroke on a coarser grid, without the points that come within a gap of the last one.
 * @param {Stroke} stroke
 * @param {number} gap grid units
 */
export function thin(stroke, gap) {
  const points = stroke.map((point) => point.map((at) => Math.round(at / GRID)));
  const kept = [points[0]];
  for (const [i, [x, y]] of points.entries()) {
    const [lastX, lastY] = kept[kept.length - 1];
    const way = Math.hypot(x - lastX, y - lastY);
    if (way >= gap || (i === points.length - 1 && way > 0)) kept.push([x, y]);
  }
  return kept;
}

/**
 * @param {Stroke} stroke
 * @param {number} gap
 */
function packedStroke(stroke, gap) {
  let [lastX, lastY] = [0, 0];
  let text = "";
  for (const [x, y] of thin(stroke, gap)) {
    text += number(x - lastX) + number(y - lastY);
    [lastX, lastY] = [x, y];
  }
  return text;
}

/**
 * With as many points as fit; null for more strokes than a link holds.
 * @param {Stroke[]} strokes
 */
export function packed(strokes) {
  for (let gap = 1; gap < 64; gap *= 1.5) {
    const text = strokes.map((stroke) => packedStroke(stroke, gap)).join(".");
    if (text.length <= LONGEST) return text;
  }
  return null;
}

/**
 * @param {string} text
 * @returns {Stroke[] | null} null where it holds none
 */
export function unpacked(text) {
  if (text === "") return [];
  const strokes = [];
  for (const line of text.split(".")) {
    const steps = numbers(line);
    if (steps.length % 2) return null;
    /** @type {Stroke} */
    const stroke = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < steps.length; i += 2) {
      [x, y] = [x + steps[i], y + steps[i + 1]];
      stroke.push([x * GRID, y * GRID]);
    }
    strokes.push(stroke);
  }
  return strokes.flat(2).some((at) => Math.abs(at) > FARTHEST) ? null : strokes;
}
