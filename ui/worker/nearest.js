// @ts-check
// The training digits nearest to a drawing at each place of a net: resnet/nearest.py, from its own
// files, and their pictures.

import { decoded, decoderOf } from "./readback.js";
import { FileError, floats } from "./safetensors.js";

/**
 * @typedef {import("./safetensors.js").File} File
 *
 * @typedef {object} Codes of one place
 * @property {import("./readback.js").Decoder} coder features -> a code
 * @property {Int8Array} stored (digits, numbers of a code), row by row
 * @property {number} usual distance of a digit to its nearest
 *
 * @typedef {object} Nearest
 * @property {Int32Array} digits their indices in MNIST's training file
 * @property {Uint8Array} labels
 * @property {Codes[]} codes
 * @property {{right: number, total: number}[]} scores
 */

/**
 * @param {File} file
 * @param {import("./net.js").Net} net
 * @returns {Nearest}
 */
export function nearestOf(file, { weights, rules }) {
  if (file.about.weights_sha256 !== weights) {
    throw new FileError("The nearest digits are those in other weights.");
  }
  return {
    digits: /** @type {Int32Array} */ (file.tensor("digits").values),
    labels: /** @type {Uint8Array} */ (file.tensor("labels").values),
    codes: rules.board.places.map((place) => ({
      coder: decoderOf(file, place),
      stored: /** @type {Int8Array} */ (file.tensor(`${place}.codes`).values),
      usual: floats(file.tensor(`${place}.usual`))[0],
    })),
    scores: file.about.scores,
  };
}

/**
 * The nearest digits, the nearest first and of equals the first.
 * @param {Codes} codes
 * @param {import("./lenses.js").Features} map
 * @param {number} count
 */
export function nearestTo({ coder, stored, usual }, map, count) {
  const code = decoded(coder, map);
  const found = /** @type {{which: number, distance: number}[]} */ ([]);
  for (let which = 0; which < stored.length / code.length; which++) {
    let squares = 0;
    for (let i = 0; i < code.length; i++) {
      squares += (code[i] - stored[which * code.length + i]) ** 2;
    }
    const distance = Math.sqrt(squares) / usual;
    const place = found.findLastIndex((one) => one.distance <= distance) + 1;
    if (place < count) found.splice(place, 0, { which, distance });
    if (found.length > count) found.pop();
  }
  return found;
}

/**
 * The label that most have; of equals, the nearest's.
 * @param {number[]} labels the nearest's first
 */
export function vote(labels) {
  const votes = labels.map((label) => labels.filter((other) => other === label).length);
  return labels[votes.indexOf(Math.max(...votes))];
}

/**
 * The pictures of digits by their index: base64 of 28x28 grey levels.
 * @param {File} file
 * @param {Iterable<number>} wanted
 * @returns {Record<string, string>}
 */
export function picturesOf(file, wanted) {
  const indices = /** @type {Int32Array} */ (file.tensor("indices").values);
  const images = file.tensor("images");
  const [, side] = images.shape;
  return Object.fromEntries(
    [...wanted].map((index) => {
      const start = indices.indexOf(index) * side * side;
      const pixels = images.values.subarray(start, start + side * side);
      return [index, btoa(String.fromCharCode(...pixels))];
    }),
  );
}
