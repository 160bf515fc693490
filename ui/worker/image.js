// @ts-check
// An image -> the picture that the nets see: the other half of resnet/ink.py once more, in the
// order of its functions. There it is explained.

import { blank, centreOfMass, InkError, shiftToCentre } from "./ink.js";

/**
 * @typedef {import("./ink.js").InkRules} InkRules
 * @typedef {import("./ink.js").Point} Point
 *
 * @typedef {object} Pixels as a canvas has them, upright
 * @property {number} width
 * @property {number} height
 * @property {Uint8ClampedArray} data red, green, blue and alpha of each
 *
 * @typedef {object} Grid numbers row by row, one a pixel or three
 * @property {number} width
 * @property {number} height
 * @property {Float32Array} values
 */

/**
 * @param {Pixels} pixels
 * @param {InkRules} rules
 */
export function fromPixels(pixels, rules) {
  const ink = inkOf(pixels, rules);
  if (!ink) return blank(rules);
  const { middle, extent } = spanOfInk(ink);
  return resampled(ink, middle, extent / rules.box, true, rules);
}

/**
 * The middle of the box around the ink and its larger side.
 * @param {Grid} ink
 * @returns {{middle: Point, extent: number}}
 */
export function spanOfInk(ink) {
  const { columns, rows } = profiles(ink);
  const [left, right] = edges(columns);
  const [top, bottom] = edges(rows);
  return {
    middle: [(left + right) / 2, (top + bottom) / 2],
    extent: Math.max(right - left, bottom - top),
  };
}

/**
 * The picture of a square window of ink around its middle, then centred or left there.
 * @param {Grid} ink
 * @param {Point} middle
 * @param {number} pixel how many of the ink's make one of the picture's
 * @param {boolean} isCentred
 * @param {InkRules} rules
 */
export function resampled(ink, middle, pixel, isCentred, rules) {
  const { side } = rules;
  const mass = centreOfMass(ink.values, ink.width);
  const shift = isCentred
    ? shiftToCentre(
        [side / 2 + (mass[0] - middle[0]) / pixel, side / 2 + (mass[1] - middle[1]) / pixel],
        rules,
      )
    : [0, 0];
  const [x, y] = [0, 1].map((axis) =>
    shares(middle[axis] - (side / 2 + shift[axis]) * pixel, pixel, side),
  );
  const narrow = new Float32Array(ink.height * side); // first across, then down, as Pillow does
  for (let row = 0; row < ink.height; row++) {
    x.forEach(({ first, weights }, column) => {
      narrow[row * side + column] = weighted(weights, (i) =>
        first + i >= 0 && first + i < ink.width ? ink.values[row * ink.width + first + i] : 0,
      );
    });
  }
  const picture = new Float32Array(side * side);
  y.forEach(({ first, weights }, row) => {
    for (let column = 0; column < side; column++) {
      picture[row * side + column] = weighted(weights, (i) =>
        first + i >= 0 && first + i < ink.height ? narrow[(first + i) * side + column] : 0,
      );
    }
  });
  const highest = highestOf(picture);
  return picture.map((value) => Math.min(Math.max(value / highest, 0), 1));
}

/**
 * What each pixel along one axis of the picture takes of the ink's, by Pillow's Hamming filter.
 * @param {number} start where the picture's first pixel begins
 * @param {number} pixel
 * @param {number} side
 */
function shares(start, pixel, side) {
  const reach = Math.max(pixel, 1);
  return Array.from({ length: side }, (_, i) => {
    const centre = start + (i + 0.5) * pixel;
    const first = Math.floor(centre - reach + 0.5);
    const count = Math.floor(centre + reach + 0.5) - first;
    const weights = Array.from({ length: count }, (_, j) =>
      hamming((first + j - centre + 0.5) / reach),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** @param {number} x */
function hamming(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= 1) return 0;
  const angle = x * Math.PI;
  return (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
}

/**
 * @param {number[]} weights
 * @param {(i: number) => number} value
 */
const weighted = (weights, value) => weights.reduce((sum, weight, i) => sum + weight * value(i), 0);

/**
 * From 0, paper, to 1, ink; null without contrast.
 * @param {Pixels} pixels
 * @param {InkRules} rules
 */
export function inkOf(pixels, rules) {
  const { maxPixels, coarse, minContrast } = rules;
  const { width, height } = pixels;
  if (width * height > maxPixels) {
    throw new InkError(
      `The image has ${width} x ${height} pixels; ` +
        `at most ${(maxPixels / 1024 ** 2).toFixed(0)} megapixels are read.`,
    );
  }
  const colours = flattened(pixels);
  const block = blockSide(colours, coarse);
  const ink = contrast(reduced(colours, block), minContrast);
  if (!ink || block === 1) return ink;
  // A large image was read coarsely: look again, closer, at the part of it that holds the ink.
  const { columns, rows } = profiles(ink);
  const [top, bottom] = inked(rows).map((at) => at * block);
  const [left, right] = inked(columns).map((at) => at * block);
  const margin = 2 * block + Math.floor(Math.max(bottom - top, right - left) / 4);
  const part = cut(
    colours,
    Math.max(0, left - margin),
    Math.max(0, top - margin),
    Math.min(width, right + block + margin),
    Math.min(height, bottom + block + margin),
  );
  return contrast(reduced(part, blockSide(part, coarse)), minContrast) ?? ink;
}

/**
 * @param {Grid} grid
 * @param {number} coarse
 */
const blockSide = ({ width, height }, coarse) =>
  Math.max(1, Math.floor(Math.max(width, height) / coarse));

/**
 * The means of blocks of colours.
 * @param {Grid} colours
 * @param {number} block
 * @returns {Grid}
 */
function reduced(colours, block) {
  if (block === 1) return colours;
  const [width, height] = [colours.width, colours.height].map((size) => Math.floor(size / block));
  const [columns, rows] = [width ? block : colours.width, height ? block : colours.height];
  const [across, down] = [Math.max(width, 1), Math.max(height, 1)];
  const values = new Float32Array(across * down * 3);
  for (let y = 0; y < down * rows; y++) {
    for (let x = 0; x < across * columns; x++) {
      const to = (Math.floor(y / rows) * across + Math.floor(x / columns)) * 3;
      const from = (y * colours.width + x) * 3;
      for (const c of [0, 1, 2]) values[to + c] += colours.values[from + c] / (rows * columns);
    }
  }
  return { width: across, height: down, values };
}

/**
 * How far each colour is from the paper, 1 for the farthest; null where all are near.
 * @param {Grid} colours
 * @param {number} minContrast
 * @returns {Grid | null}
 */
function contrast(colours, minContrast) {
  const { width, height } = colours;
  const ground = paper(colours);
  const difference = new Float32Array(width * height);
  difference.forEach((_, at) => {
    difference[at] = farthest(colours.values, ground, 3 * at);
  });
  const peak = highestOf(difference);
  if (peak < minContrast) return null;
  const noise = 4 * median(border(width, height).map((at) => difference[at]));
  if (noise >= peak) return null;
  const values = difference.map((value) =>
    Math.min(Math.max((value - noise) / (peak - noise), 0), 1),
  );
  return { width, height, values };
}

/**
 * Colours, transparency replaced by a paper that shows the ink.
 * @param {Pixels} pixels
 * @returns {Grid}
 */
function flattened({ width, height, data }) {
  const count = width * height;
  const values = new Float32Array(3 * count);
  const opaque = /** @type {number[]} */ ([]);
  let isOpaque = true;
  for (let at = 0; at < count; at++) {
    for (const c of [0, 1, 2]) values[3 * at + c] = data[4 * at + c] / 255;
    if (data[4 * at + 3] > 127) opaque.push(at);
    if (data[4 * at + 3] < 255) isOpaque = false;
  }
  if (isOpaque) return { width, height, values };
  if (opaque.length === 0) return { width, height, values: values.fill(1) };
  const middle = [0, 1, 2].map((c) => median(opaque.map((at) => values[3 * at + c])));
  // Either what can be seen is ink, all of much the same colour, or it is paper with ink on it.
  const isInk = opaque.every(
    (at) => farthest(values.subarray(3 * at, 3 * at + 3), middle, 0) < 0.4,
  );
  const isDark = (middle[0] + middle[1] + middle[2]) / 3 < 0.5;
  const ground = isInk ? Array(3).fill(isDark ? 1 : 0) : middle;
  for (let at = 0; at < values.length; at++) {
    const alpha = data[4 * Math.floor(at / 3) + 3] / 255;
    values[at] = values[at] * alpha + ground[at % 3] * (1 - alpha);
  }
  return { width, height, values };
}

/**
 * Where the outermost pixels are.
 * @param {number} width
 * @param {number} height
 */
function border(width, height) {
  const row = (/** @type {number} */ y) => Array.from({ length: width }, (_, x) => y * width + x);
  const column = (/** @type {number} */ x) =>
    Array.from({ length: Math.max(height - 2, 0) }, (_, y) => (y + 1) * width + x);
  return [...row(0), ...row(height - 1), ...column(0), ...column(width - 1)];
}

/**
 * The paper's colour at every pixel: one colour, or a plane for light that comes from one side.
 * @param {Grid} colours
 */
function paper({ width, height, values }) {
  const along = (/** @type {number} */ at, /** @type {number} */ size) =>
    size > 1 ? (2 * at) / (size - 1) - 1 : -1;
  /** @param {number} at */
  const terms = (at) => [1, along(at % width, width), along(Math.floor(at / width), height)];
  const edge = border(width, height).map((at) => ({
    terms: terms(at),
    colour: [...values.subarray(3 * at, 3 * at + 3)],
  }));
  const even = [0, 1, 2].map((c) => median(edge.map(({ colour }) => colour[c])));
  let bare = edge;
  let fit = /** @type {number[][]} */ ([]);
  let misfit = /** @type {number[]} */ ([]);
  for (let i = 0; i < 4; i++) {
    fit = [0, 1, 2].map((c) => leastSquares(bare, c));
    misfit = edge.map(({ terms, colour }) =>
      farthest(
        colour,
        fit.map((of) => plane(of, terms)),
        0,
      ),
    );
    const most = Math.max(0.02, 2 * median(misfit));
    bare = edge.filter((_, at) => misfit[at] <= most);
  }
  const ofEven = median(edge.map(({ colour }) => farthest(colour, even, 0)));
  const ground = new Float32Array(values.length);
  const isPlane = median(misfit) < ofEven;
  for (let at = 0; at < width * height; at++) {
    const here = isPlane ? terms(at) : [];
    for (const c of [0, 1, 2]) ground[3 * at + c] = isPlane ? plane(fit[c], here) : even[c];
  }
  return ground;
}

/** @param {number[]} fit @param {number[]} terms */
const plane = (fit, terms) => fit[0] * terms[0] + fit[1] * terms[1] + fit[2] * terms[2];

/**
 * One channel's plane, by the normal equations and Gauss-Jordan elimination.
 * @param {{terms: number[], colour: number[]}[]} edge
 * @param {number} channel
 */
function leastSquares(edge, channel) {
  const rows = [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) => edge.reduce((sum, { terms }) => sum + terms[i] * terms[j], 0)),
    edge.reduce((sum, { terms, colour }) => sum + terms[i] * colour[channel], 0),
  ]);
  for (const i of [0, 1, 2]) rows[i][i] += 1e-9; // a strip one pixel wide has no slope across
  for (const i of [0, 1, 2]) {
    rows[i] = rows[i].map((value) => value / rows[i][i]);
    for (const j of [0, 1, 2]) {
      if (j !== i) rows[j] = rows[j].map((value, at) => value - rows[j][i] * rows[i][at]);
    }
  }
  return rows.map((row) => row[3]);
}

/**
 * Where a profile of ink first rises through one half and last falls, in parts of a pixel.
 * @param {Float32Array} profile
 */
function edges(profile) {
  const [first, last] = inked(profile);
  /** @param {number} inner @param {number} outer */
  const crossing = (inner, outer) => {
    const [high, low] = [profile[inner], profile[outer] ?? 0];
    return (high - 0.5) / (high - low);
  };
  return [first + 0.5 - crossing(first, first - 1), last + 0.5 + crossing(last, last + 1)];
}

/**
 * The first and the last place of ink.
 * @param {Float32Array} profile
 */
function inked(profile) {
  const isInk = (/** @type {number} */ value) => value >= 0.5;
  return [profile.findIndex(isInk), profile.findLastIndex(isInk)];
}

/**
 * The most ink of every column and of every row.
 * @param {Grid} ink
 */
function profiles({ width, height, values }) {
  const [columns, rows] = [new Float32Array(width), new Float32Array(height)];
  values.forEach((value, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    columns[x] = Math.max(columns[x], value);
    rows[y] = Math.max(rows[y], value);
  });
  return { columns, rows };
}

/**
 * A part of colours.
 * @param {Grid} colours
 * @param {number} left
 * @param {number} top
 * @param {number} right
 * @param {number} bottom
 * @returns {Grid}
 */
function cut({ width, values }, left, top, right, bottom) {
  const part = new Float32Array((right - left) * (bottom - top) * 3);
  for (let y = top; y < bottom; y++) {
    const row = values.subarray((y * width + left) * 3, (y * width + right) * 3);
    part.set(row, (y - top) * (right - left) * 3);
  }
  return { width: right - left, height: bottom - top, values: part };
}

/**
 * By how much the three channels of a colour differ from another's at most.
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 * @param {number} at where the colour begins
 */
const farthest = (a, b, at) =>
  Math.max(
    Math.abs(a[at] - b[at]),
    Math.abs(a[at + 1] - b[at + 1]),
    Math.abs(a[at + 2] - b[at + 2]),
  );

/** @param {Float32Array} values */
const highestOf = (values) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** @param {number[]} values */
function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
