// @ts-check
// What the board shows at the stem and at each unit: resnet/lenses.py once more, cell by cell.

import { rounded } from "./calibration.js";
import { greyLevels } from "./ink.js";
import { nearestTo, vote } from "./nearest.js";
import { input, shortcut, trace } from "./net.js";
import { digitAt, pictureAt } from "./readback.js";
import * as runtime from "./runtime.js";

/**
 * @typedef {import("./net.js").Net} Net
 * @typedef {import("./net.js").How} How
 * @typedef {import("./net.js").Trace} Trace
 * @typedef {import("./nearest.js").Nearest} Nearest
 * @typedef {import("./readback.js").Readback} Readback
 * @typedef {import("./runtime.js").Tensor} Tensor
 *
 * @typedef {object} Features
 * @property {Float32Array} values pixel by pixel, the channels innermost
 * @property {number} size
 * @property {number} channels
 */

/**
 * @param {Tensor} tensor
 * @returns {Features}
 */
export function mapOf(tensor) {
  const [, size, , channels] = tensor.shape;
  return { values: runtime.valuesOf(tensor), size, channels };
}

/**
 * The strongest maps of each place.
 * @param {Trace} seen
 * @param {number} side pixels to a side of the tiled maps
 */
export const maps = (seen, side) => seen.maps.map((map) => tiled(mapOf(map), side));

/**
 * @param {Features} map
 * @param {number} side
 */
function tiled({ values, size, channels }, side) {
  const across = side / size;
  const [lowest, highest] = [values.slice(0, channels), values.slice(0, channels)];
  for (let start = channels; start < values.length; start += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const value = values[start + channel];
      if (value < lowest[channel]) lowest[channel] = value;
      if (value > highest[channel]) highest[channel] = value;
    }
  }
  const chosen = Array.from(highest.keys())
    .sort((a, b) => highest[b] - highest[a])
    .slice(0, across * across)
    .sort((a, b) => a - b);
  const picture = new Float32Array(side * side);
  chosen.forEach((channel, tile) => {
    const [top, left] = [Math.floor(tile / across) * size, (tile % across) * size];
    for (let pixel = 0; pixel < size * size; pixel++) {
      const place = (top + Math.floor(pixel / size)) * side + left + (pixel % size);
      picture[place] = values[pixel * channels + channel] / (highest[channel] || 1);
    }
  });
  return {
    size,
    channels: chosen,
    low: chosen.map((channel) => short(lowest[channel])),
    high: chosen.map((channel) => short(highest[channel])),
    picture: greyLevels(picture),
  };
}

/**
 * How far each unit's output is from what a shortcut around it carries.
 * @param {Trace} seen
 * @param {Net} net
 */
export function edit(seen, net) {
  /** @type {{ratio: number | null, cosine: number | null}[]} */
  const cells = [{ ratio: null, cosine: null }];
  net.units.forEach((unit, index) => {
    const [x, y] = [seen.maps[index], seen.maps[index + 1]];
    let [ratio, cosine] = [
      /** @type {number | null} */ (null),
      /** @type {number | null} */ (null),
    ];
    const [before, after] = [runtime.valuesOf(x), runtime.valuesOf(y)];
    if (unit.isResidual || !unit.changesShape) {
      const carried = runtime.valuesOf(shortcut(unit, x));
      const change = after.map((value, at) => value - carried[at]);
      ratio = quotient(length(change), length(carried));
    }
    if (!unit.changesShape) cosine = quotient(dot(before, after), length(before) * length(after));
    cells.push({ ratio, cosine });
  });
  return cells;
}

/**
 * The picture as it is read back from each place.
 * @param {Trace} seen
 * @param {Readback} readback
 */
export function left(seen, readback) {
  return seen.maps.map((map, place) => ({
    picture: greyLevels(pictureAt(readback, place, mapOf(map))),
    r2: readback.scores[place].r2,
  }));
}

/**
 * The digit that a linear probe names at each place.
 * @param {Trace} seen
 * @param {Readback} readback
 */
export function knew(seen, readback) {
  return seen.maps.map((map, place) => {
    const { right, total } = readback.scores[place];
    return { digit: digitAt(readback, place, mapOf(map)), accuracy: [right, total] };
  });
}

/**
 * Where the likeliest digit comes from: Grad-CAM at each place, and the picture's gradient.
 * @param {Trace} seen
 * @param {Net} net
 * @param {Float32Array} picture
 * @param {How[]} settings
 */
export function why(seen, net, picture, settings) {
  const logits = runtime.valuesOf(seen.logits);
  const likeliest = logits.map((logit) => Number(logit === Math.max(...logits)));
  const nothing = seen.maps.map(({ shape }) =>
    runtime.tensor(new Float32Array(shape.reduce((product, side) => product * side, 1)), shape),
  );
  const [ofPicture, ...ofMaps] = runtime.gradients(
    (x, ...extras) => trace(net, x, settings, extras).logits,
    [input(net, picture), ...nothing],
    runtime.tensor(likeliest, seen.logits.shape),
  );
  const { side } = net.rules.ink;
  const gradient = runtime.valuesOf(ofPicture).map(Math.abs);
  return seen.maps.map((map, place) => ({
    ...located(mapOf(map), mapOf(ofMaps[place]), side),
    ...(place === 0 ? { gradient: greyLevels(toOwnMaximum(gradient)) } : {}),
  }));
}

/**
 * @param {Features} map
 * @param {Features} gradient
 * @param {number} side
 * @returns {{picture: string | null, size: number}}
 */
function located({ values, size, channels }, gradient, side) {
  if (size === 1) return { picture: null, size };
  const pixels = size * size;
  const weights = new Float32Array(channels);
  gradient.values.forEach((value, at) => {
    weights[at % channels] += value / pixels;
  });
  const found = new Float32Array(pixels);
  values.forEach((value, at) => {
    found[Math.floor(at / channels)] += weights[at % channels] * value;
  });
  const enlarged = bilinear(
    found.map((value) => Math.max(value, 0)),
    size,
    side,
  );
  return { picture: greyLevels(toOwnMaximum(enlarged)), size };
}

/**
 * A square picture enlarged, edges to edges.
 * @param {Float32Array} values
 * @param {number} size
 * @param {number} side
 */
function bilinear(values, size, side) {
  const places = Array.from({ length: side }, (_, i) => {
    const at = Math.max(((i + 0.5) * size) / side - 0.5, 0);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, size - 1), share: at - first };
  });
  /** @param {number} row @param {(typeof places)[0]} x */
  const within = (row, { first, second, share }) =>
    values[row * size + first] * (1 - share) + values[row * size + second] * share;
  return Float32Array.from(
    places.flatMap((y) =>
      places.map((x) => within(y.first, x) * (1 - y.share) + within(y.second, x) * y.share),
    ),
  );
}

/**
 * The training digits whose maps lie nearest at each place.
 * @param {Trace} seen
 * @param {Nearest} nearest
 * @param {number} count of them
 */
export function near(seen, { digits, labels, codes, scores }, count) {
  return seen.maps.map((map, place) => {
    const found = nearestTo(codes[place], mapOf(map), count);
    const theirs = found.map(({ which }) => labels[which]);
    return {
      digits: found.map(({ which }) => digits[which]),
      labels: theirs,
      distances: found.map(({ distance }) => rounded(distance, 3)),
      digit: vote(theirs),
      accuracy: [scores[place].right, scores[place].total],
    };
  });
}

/** @param {Float32Array} values at least 0, divided by the largest; 0 where that is 0 */
function toOwnMaximum(values) {
  const highest = values.reduce((a, b) => Math.max(a, b), 0);
  return highest > 0 ? values.map((value) => value / highest) : values;
}

/** @param {number} value to four digits */
const short = (value) => Number(value.toPrecision(4));

/** @param {Float32Array} a @param {Float32Array} b */
const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);

/** @param {Float32Array} values */
const length = (values) => Math.sqrt(dot(values, values));

/** @param {number} a @param {number} b */
const quotient = (a, b) => (b > 0 ? rounded(a / b, 4) : null);
