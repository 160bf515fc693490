// @ts-check
// A drawing of several digits -> the strokes of each: resnet/several.py once more, in the order of
// its functions, and explained there.

import { checked, fromStrokes } from "./ink.js";

/**
 * @typedef {import("./ink.js").Line} Line
 * @typedef {import("./ink.js").Point} Point
 * @typedef {[Point, Point]} Box the least x and y, and the largest
 *
 * @typedef {object} SeveralRules the numbers of resnet/several.py, as they come with the nets
 * @property {number} most
 * @property {number} strokes
 * @property {number} shared
 * @property {number} likely
 * @property {number} smallest
 *
 * @typedef {object} Drawing what the nets see of one
 * @property {Float32Array} whole
 * @property {Float32Array[]} digits from left to right; none where it is one at most
 * @property {number} last the digit that the last stroke belongs to
 */

/**
 * What is not divided.
 * @param {Float32Array} picture
 * @returns {Drawing}
 */
export const undivided = (picture) => ({ whole: picture, digits: [], last: 0 });

/**
 * @param {any} strokes
 * @param {{ink: import("./ink.js").InkRules, several: SeveralRules}} rules
 * @returns {Drawing}
 */
export function drawingOf(strokes, { ink, several }) {
  const lines = checked(strokes, ink);
  const whole = fromStrokes(lines, ink);
  const groups = split(lines, several);
  return {
    whole,
    digits: groups.map((group) => fromStrokes(chosen(lines, group), ink)),
    last: Math.max(
      0,
      groups.findIndex((group) => group.includes(lines.length - 1)),
    ),
  };
}

/**
 * @param {Line[]} lines
 * @param {number[]} group
 */
const chosen = (lines, group) => group.map((number) => lines[number]);

/**
 * The numbers of the lines of each digit, from left to right; none where it is one at most.
 * @param {Line[]} lines
 * @param {SeveralRules} rules
 * @returns {number[][]}
 */
export function split(lines, rules) {
  if (lines.length < 2 || lines.length > rules.strokes) return [];
  const boxes = lines.map((line) => boxOf([line]));
  /** @type {number[][]} */
  let groups = [];
  boxes.forEach((box, number) => {
    const isOver = (/** @type {number[]} */ group) =>
      group.some((i) => liesOver(box, boxes[i], rules));
    const over = groups.filter(isOver);
    groups = [...groups.filter((group) => !over.includes(group)), [...over.flat(), number]];
  });
  const row = groups
    .map((group) => ({ group, box: boxOf(chosen(lines, group)) }))
    .sort((a, b) => a.box[0][0] + a.box[1][0] - b.box[0][0] - b.box[1][0]);
  const isNumber = isRow(
    row.map(({ box }) => box),
    rules,
  );
  return isNumber ? row.map(({ group }) => group) : [];
}

/**
 * @param {Line[]} lines
 * @returns {Box}
 */
function boxOf(lines) {
  /** @type {Box} */
  const box = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ];
  for (const point of lines.flat()) {
    for (const axis of [0, 1]) {
      box[0][axis] = Math.min(box[0][axis], point[axis]);
      box[1][axis] = Math.max(box[1][axis], point[axis]);
    }
  }
  return box;
}

/**
 * Whether two strokes share so much of their width that they are of one digit.
 * @param {Box} one
 * @param {Box} other
 * @param {SeveralRules} rules
 */
function liesOver([[left], [right]], [[otherLeft], [otherRight]], { shared }) {
  const both = Math.min(right, otherRight) - Math.max(left, otherLeft);
  return both >= shared * Math.min(right - left, otherRight - otherLeft);
}

/**
 * Whether boxes, from left to right, stand as the digits of a number do.
 * @param {Box[]} boxes
 * @param {SeveralRules} rules
 */
function isRow(boxes, { most, smallest }) {
  if (boxes.length < 2 || boxes.length > most) return false;
  const sizes = boxes.map(([low, high]) => Math.max(high[0] - low[0], high[1] - low[1]));
  const least = Math.min(...sizes);
  if (least === 0 || least < smallest * Math.max(...sizes)) return false;
  return boxes.slice(1).every(([[, top], [, bottom]], i) => {
    const [[, topBefore], [, bottomBefore]] = boxes[i];
    return Math.min(bottom, bottomBefore) > Math.max(top, topBefore);
  });
}
