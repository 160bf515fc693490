// @ts-check
// What a linear map reads back at each place of a net: resnet/readback.py, from its own files.

import { FileError, floats } from "./safetensors.js";

/**
 * @typedef {object} Score
 * @property {number} r2
 * @property {number} right
 * @property {number} total
 *
 * @typedef {object} Decoder of one place, a linear map: here from features to coefficients of the
 *   picture, then digits
 * @property {Int8Array} levels (features, outputs), row by row
 * @property {Float32Array} scale (outputs), times which they are weights
 * @property {Float32Array} offset (outputs)
 *
 * @typedef {object} Readback
 * @property {Float32Array} mean
 * @property {Float32Array} directions (coefficients, pixels)
 * @property {Decoder[]} decoders
 * @property {Score[]} scores
 */

const DIGITS = 10;

/**
 * @param {import("./safetensors.js").File} file
 * @param {import("./net.js").Net} net
 * @returns {Readback}
 */
export function readbackOf(file, { weights, rules }) {
  if (file.about.weights_sha256 !== weights) {
    throw new FileError("The read-back was fitted to other weights.");
  }
  return {
    mean: floats(file.tensor("mean")),
    directions: floats(file.tensor("directions")),
    decoders: rules.board.places.map((place) => decoderOf(file, place)),
    scores: file.about.scores,
  };
}

/**
 * @param {import("./safetensors.js").File} file
 * @param {string} place
 * @returns {Decoder}
 */
export const decoderOf = (file, place) => ({
  levels: /** @type {Int8Array} */ (file.tensor(`${place}.levels`).values),
  scale: floats(file.tensor(`${place}.scale`)),
  offset: floats(file.tensor(`${place}.offset`)),
});

/**
 * @param {Readback} readback
 * @param {number} place
 * @param {import("./lenses.js").Features} map
 */
export function pictureAt({ mean, directions, decoders }, place, map) {
  const count = decoders[place].scale.length - DIGITS;
  const coefficients = decoded(decoders[place], map, 0, count);
  const picture = Float32Array.from(mean);
  const pixels = picture.length;
  for (let row = 0; row < count; row++) {
    const [coefficient, start] = [coefficients[row], row * pixels];
    for (let at = 0; at < pixels; at++) picture[at] += coefficient * directions[start + at];
  }
  return picture;
}

/**
 * @param {Readback} readback
 * @param {number} place
 * @param {import("./lenses.js").Features} map
 */
export function digitAt({ decoders }, place, map) {
  const outputs = decoders[place].scale.length;
  const scores = decoded(decoders[place], map, outputs - DIGITS, outputs);
  return scores.indexOf(Math.max(...scores));
}

/**
 * The outputs from one on to before another, or all.
 * @param {Decoder} decoder
 * @param {import("./lenses.js").Features} map
 * @param {number} from
 * @param {number} to
 */
export function decoded(decoder, map, from = 0, to = decoder.scale.length) {
  const { levels, scale, offset } = decoder;
  const { values, size, channels } = map;
  const count = to - from;
  const sums = new Float64Array(count);
  const pixels = size * size;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === 0) continue; // as half of them are, after a relu
    // Decoders have channels outermost, as torch has.
    const feature = (at % channels) * pixels + Math.floor(at / channels);
    const row = feature * scale.length + from;
    for (let i = 0; i < count; i++) sums[i] += value * levels[row + i];
  }
  return [...sums].map((sum, i) => sum * scale[from + i] + offset[from + i]);
}
