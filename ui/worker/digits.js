// @ts-check
// MNIST's test digits as pictures: ink.frame of resnet/ink.py once more. They are read as they are,
// not prepared like a drawing: cropped and centred anew, a mistake might vanish.

import { InkError } from "./ink.js";

/**
 * @typedef {import("./ink.js").InkRules} InkRules
 *
 * @typedef {object} Digits
 * @property {number} side
 * @property {Uint8Array} images row by row, 255 for ink
 * @property {Uint8Array} labels
 */

/**
 * @param {import("./safetensors.js").File} file
 * @returns {Digits}
 */
export function digitsOf(file) {
  const images = file.tensor("images");
  return {
    side: images.shape[1],
    images: /** @type {Uint8Array} */ (images.values),
    labels: /** @type {Uint8Array} */ (file.tensor("labels").values),
  };
}

/**
 * @param {Digits} digits
 * @param {number} index
 * @param {InkRules} rules
 */
export function digitAt({ side, images, labels }, index, rules) {
  if (!(index in labels)) throw new InkError("There is no such test digit.");
  const margin = (rules.side - side) / 2;
  const picture = new Float32Array(rules.side * rules.side);
  for (let at = 0; at < side * side; at++) {
    const [x, y] = [at % side, Math.floor(at / side)];
    picture[(y + margin) * rules.side + x + margin] = images[index * side * side + at] / 255;
  }
  return { picture: inOurBox(picture, rules), label: labels[index] };
}

/**
 * A test digit as ui/mistakes.py sends it: its pixels the base64 of grey levels, 255 for ink.
 * @param {Digits} digits
 * @param {number} index
 */
export function asJson({ side, images, labels }, index) {
  const pixels = images.subarray(index * side * side, (index + 1) * side * side);
  return { index, label: labels[index], pixels: btoa(String.fromCharCode(...pixels)) };
}

/**
 * The picture of a digit in a box of MNIST's size -> the same in ours: enlarged about where the
 * centre of mass goes, as far as all ink stays inside.
 * @param {Float32Array} picture
 * @param {InkRules} rules
 */
function inOurBox(picture, { side, box, mnistBox, centre, room }) {
  const scale = box / mnistBox;
  if (scale === 1) return picture;
  const { columns, rows } = inked(picture, side);
  const [x, y] = [columns, rows].map((axis) => {
    const middle = (axis.indexOf(true) + axis.lastIndexOf(true) + 1) / 2;
    const wanted = centre + scale * (middle - centre);
    const allowed = Math.min(Math.max(wanted, side / 2 - room), side / 2 + room);
    return axis.map((_, i) => cubic(middle + (i + 0.5 - allowed) / scale - 0.5));
  });
  const value = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 && row < side && column >= 0 && column < side ? picture[row * side + column] : 0;
  return Float32Array.from({ length: side * side }, (_, at) => {
    const [across, down] = [x[at % side], y[Math.floor(at / side)]];
    let sum = 0;
    down.weights.forEach((ofRow, j) => {
      across.weights.forEach((ofColumn, i) => {
        sum += ofRow * ofColumn * value(down.first + j, across.first + i);
      });
    });
    return Math.min(Math.max(sum, 0), 1);
  });
}

/**
 * The columns and rows that hold ink.
 * @param {Float32Array} picture
 * @param {number} side
 */
function inked(picture, side) {
  const axis = () => /** @type {boolean[]} */ (Array(side).fill(false));
  const [columns, rows] = [axis(), axis()];
  picture.forEach((ink, at) => {
    if (ink > 0) columns[at % side] = rows[Math.floor(at / side)] = true;
  });
  return { columns, rows };
}

const SHARPNESS = -0.75; // of torch's cubic convolution

/**
 * The four pixels around a place and how much each counts there.
 * @param {number} at
 */
function cubic(at) {
  const first = Math.floor(at) - 1;
  const weights = [0, 1, 2, 3].map((i) => {
    const x = Math.abs(at - (first + i));
    return x <= 1
      ? ((SHARPNESS + 2) * x - (SHARPNESS + 3)) * x * x + 1
      : ((SHARPNESS * x - 5 * SHARPNESS) * x + 8 * SHARPNESS) * x - 4 * SHARPNESS;
  });
  return { first, weights };
}
