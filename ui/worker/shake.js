// @ts-check
// A drawing nudged by a hair, in nets that have learnt nothing yet: resnet/studies/shake.py once
// more. There it is explained; here it must give the same gradients for the same seed.

import { bytes } from "../pictures.js";
import { rounded } from "./calibration.js";
import { greyLevels, normalised } from "./ink.js";
import * as runtime from "./runtime.js";

/**
 * @typedef {import("./runtime.js").Tensor} Tensor
 * @typedef {import("./runtime.js").Convolution} Convolution
 * @typedef {import("./ink.js").InkRules} InkRules
 * @typedef {import("../page.js").Variant} Variant
 *
 * @typedef {object} Wish what is asked
 * @property {string} picture base64 of its grey levels, 255 for ink
 * @property {number} label the digit that the drawing is taken for
 * @property {number} layers
 * @property {number} seed from 0 to below 2 ** 32
 * @property {number} nudge deviation of the noise
 * @property {string} others base64 of the pictures that fill the batch, one after the other
 * @property {Rules} rules
 *
 * @typedef {object} Rules the numbers of resnet/studies/shake.py
 * @property {Variant[]} variants
 * @property {number} grain
 * @property {number} width channels of the first stage
 *
 * @typedef {object} Shaken
 * @property {Float32Array} drawn the picture, with its grain
 * @property {Float32Array} nudged
 * @property {Record<Variant, Float32Array[]>} gradients at the pixels as drawn, and as nudged
 *
 * @typedef {object} Unit
 * @property {Convolution} conv1
 * @property {Convolution} conv2
 * @property {Convolution | null} projection carries the input over a change of shape
 *
 * @typedef {object} Weights of both nets; the one without shortcuts has no use for the projections
 * @property {Convolution} stem
 * @property {Unit[]} units
 * @property {Convolution} head onto the last map, of one pixel
 */

const STAGES = 4;
const DIGITS = 10;

/**
 * @param {Wish} wish
 * @param {InkRules} ink
 * @returns {Shaken}
 */
export function shaken({ picture, label, layers, seed, nudge, others, rules }, ink) {
  const pixels = ink.side ** 2;
  const [first, rest] = [bytes(picture), bytes(others)];
  const batch = new Float32Array(first.length + rest.length);
  for (let at = 0; at < batch.length; at++) batch[at] = (first[at] ?? rest[at - pixels]) / 255;
  const draws = new Draws(seed);
  const noise = draws.normals(pixels, nudge);
  draws.normals(pixels, rules.grain).forEach((grain, at) => {
    batch[at] += grain;
  });
  const nudged = batch.slice();
  noise.forEach((change, at) => {
    nudged[at] += change;
  });
  const gradients = /** @type {Record<Variant, Float32Array[]>} */ ({});
  runtime.scope(() => {
    const weights = firstWeights(layers, rules.width, draws, ink.side);
    for (const variant of rules.variants) {
      gradients[variant] = [batch, nudged].map((pictures) => {
        const shape = [batch.length / pixels, ink.side, ink.side, 1];
        const x = runtime.tensor(normalised(pictures, ink), shape);
        return inputGradient(weights, variant === "residual", x, label);
      });
    }
  });
  return { drawn: batch.subarray(0, pixels), nudged: nudged.subarray(0, pixels), gradients };
}

/**
 * As ui/shake.py has it.
 * @param {Shaken} shaken
 */
export function asJson({ drawn, nudged, gradients }) {
  const nets = Object.entries(gradients).map(([variant, each]) => {
    const [before, after] = each;
    const lengths = Math.sqrt(dot(before, before) * dot(after, after));
    const cosine = lengths > 0 ? dot(before, after) / lengths : 0;
    return [variant, { cosine: rounded(cosine, 4), pictures: each.map(asAsked) }];
  });
  return { drawn: greyLevels(drawn), nudged: greyLevels(nudged), nets: Object.fromEntries(nets) };
}

const BRIGHTEST = 3; // deviations from 0

/**
 * What the net asks of each pixel, for a smaller loss: the darker, the less ink.
 * @param {Float32Array} gradient
 */
function asAsked(gradient) {
  const deviation = Math.sqrt(dot(gradient, gradient) / gradient.length) || 1;
  return greyLevels(gradient.map((slope) => 0.5 - slope / (deviation * 2 * BRIGHTEST)));
}

/**
 * @param {Float32Array} a
 * @param {Float32Array} b
 */
const dot = (a, b) => a.reduce((sum, value, at) => sum + value * b[at], 0);

/**
 * The gradient of the first picture's cross-entropy at its own pixels.
 * @param {Weights} weights
 * @param {boolean} hasShortcuts
 * @param {Tensor} x (pictures, side, side, 1)
 * @param {number} label
 */
function inputGradient(weights, hasShortcuts, x, label) {
  // Through the stem's convolution, the widest of all, only the first picture's has to go back.
  const [gradient] = runtime.gradients(
    (y) => runtime.crossEntropy(logitsOf(weights, hasShortcuts, y), label),
    [runtime.convolved(x, weights.stem)],
    runtime.tensor(Float32Array.of(1), [1]),
  );
  const [, side] = x.shape;
  return runtime.valuesOf(runtime.toInput(side, runtime.first(gradient), weights.stem));
}

/**
 * @param {Weights} weights
 * @param {boolean} hasShortcuts
 * @param {Tensor} stem the pictures after its convolution
 */
function logitsOf({ units, head }, hasShortcuts, stem) {
  let y = runtime.maxPooled(runtime.batchNormed(stem, true), 3, 2, 1);
  for (const { conv1, conv2, projection } of units) {
    const f = normed(normed(y, conv1, true), conv2, !hasShortcuts);
    if (hasShortcuts) {
      y = runtime.rectified(runtime.sum(f, projection ? normed(y, projection) : y));
    } else y = f;
  }
  return runtime.convolved(y, head);
}

/**
 * @param {Tensor} x
 * @param {Convolution} convolution
 * @param {boolean} isRectified
 */
const normed = (x, convolution, isRectified = false) =>
  runtime.batchNormed(runtime.convolved(x, convolution), isRectified);

// --- first weights -------------------------------------------------------------------------------

/** Random numbers as numpy draws them in shake.py: mulberry32, and the normal ones from pairs. */
class Draws {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed | 0;
  }

  uniform() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let hashed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    hashed ^= hashed + Math.imul(hashed ^ (hashed >>> 7), hashed | 61);
    return (((hashed ^ (hashed >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  }

  /**
   * @param {number} count
   * @param {number} most evenly from minus this to this
   */
  evenly(count, most) {
    return Float32Array.from({ length: count }, () => (2 * this.uniform() - 1) * most);
  }

  /**
   * @param {number} count
   * @param {number} deviation
   */
  normals(count, deviation) {
    const values = new Float32Array(count + (count % 2));
    for (let at = 0; at < count; at += 2) {
      const radius = Math.sqrt(-2 * Math.log(this.uniform())) * deviation;
      const angle = 2 * Math.PI * this.uniform();
      values[at] = radius * Math.cos(angle);
      values[at + 1] = radius * Math.sin(angle);
    }
    return values.subarray(0, count);
  }
}

/**
 * In the order of shake.py: the branches, the head, and the projections last.
 * @param {number} layers
 * @param {number} width
 * @param {Draws} draws
 * @param {number} side of a picture
 * @returns {Weights}
 */
function firstWeights(layers, width, draws, side) {
  const stem = kernelOf(draws, 7, [1, width], 2, side);
  const perStage = (layers - 2) / (2 * STAGES);
  /** @type {{conv1: Convolution, conv2: Convolution, shape: [number, number], side: number}[]} */
  const branches = [];
  let [channels, map] = [width, side / 4]; // after the stem and its pooling
  for (let stage = 0; stage < STAGES; stage++) {
    for (let unit = 0; unit < perStage; unit++) {
      const halves = stage > 0 && unit === 0;
      const [stride, outputs] = halves ? [2, 2 * channels] : [1, channels];
      const conv1 = kernelOf(draws, 3, [channels, outputs], stride, map);
      const conv2 = kernelOf(draws, 3, [outputs, outputs], 1, map / stride);
      branches.push({ conv1, conv2, shape: [channels, outputs], side: map });
      [channels, map] = [outputs, map / stride];
    }
  }
  const most = 1 / Math.sqrt(channels);
  const head = convolution(draws.evenly(channels * DIGITS, most), [1, 1, channels, DIGITS], 1, 0);
  head.bias = runtime.tensor(draws.evenly(DIGITS, most), [DIGITS]);
  const units = branches.map(({ conv1, conv2, shape, side }) => ({
    conv1,
    conv2,
    projection: conv1.stride > 1 ? kernelOf(draws, 1, shape, conv1.stride, side) : null,
  }));
  return { stem, units, head };
}

/**
 * Where the map is read only once, the taps on its padding never meet a pixel: they are left out.
 * @param {Draws} draws
 * @param {number} size taps each way
 * @param {[number, number]} shape channels in and out
 * @param {number} stride
 * @param {number} side of the map
 */
function kernelOf(draws, size, [inputs, outputs], stride, side) {
  const live = side === stride ? Math.min(size, side) : size;
  const deviation = Math.sqrt(2 / (outputs * size * size));
  const values = draws.normals(live * live * inputs * outputs, deviation);
  const padding = live === size ? (size - 1) / 2 : 0;
  return convolution(values, [live, live, inputs, outputs], stride, padding);
}

/**
 * @param {Float32Array} values
 * @param {number[]} shape (height, width, in, out)
 * @param {number} stride
 * @param {number} padding
 * @returns {Convolution}
 */
function convolution(values, shape, stride, padding) {
  const kernel = runtime.tensor(values, shape);
  return { kernel, turned: runtime.turnedRound(kernel), stride, padding };
}
