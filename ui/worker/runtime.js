// @ts-check
// The tensor runtime: the only file that knows which one it is (TensorFlow.js on WebAssembly), so
// that another can take its place. Maps are (pictures, height, width, channels).
//
// What a step makes is freed when the scope around it ends; what is made outside of any stays.

import * as tfjs from "../vendor/tfjs.js";

/**
 * @typedef {import("../vendor/tfjs.js").Tensor} Tensor
 *
 * @typedef {object} Convolution
 * @property {Tensor} kernel (height, width, in, out)
 * @property {Tensor} [bias] (out)
 * @property {number} stride
 * @property {number} padding
 * @property {Tensor} [turned] the kernel for the way back, of a net that is not kept
 */

/**
 * Before anything else is called.
 * @param {ArrayBuffer | Uint8Array<ArrayBuffer>} program ../vendor/tfjs.wasm
 */
export async function start(program) {
  // It needs SIMD, and would wait for ever for one that it cannot use.
  if (!WebAssembly.validate(program)) throw new Error("This browser cannot run the nets.");
  await tfjs.start(program);
}

/**
 * @param {Float32Array} values row by row
 * @param {number[]} shape
 */
export const tensor = (values, shape) => tfjs.tensor(values, shape);

/** @param {Tensor} x */
export const valuesOf = (x) => x.dataSync();

/**
 * Frees what the steps made, but for what they return: tensors, or lists and objects of them.
 * @template T
 * @param {() => T} steps
 */
export const scope = (steps) => tfjs.tidy(steps);

/** How many tensors there are, and how many bytes they take. */
export const memory = () => tfjs.memory();

/**
 * @param {Tensor} x
 * @param {Convolution} convolution
 */
export function convolved(x, convolution) {
  const { kernel, bias, stride, padding } = convolution;
  // With a gradient to x alone: nobody trains.
  return tfjs.customGrad((x) => ({
    value: tfjs.conv2d({ x, filter: kernel, bias, strides: stride, pad: padding }),
    gradFunc: (dy) => toInput(x.shape[1], dy, convolution),
  }))(x);
}

/**
 * The gradient of a convolution: itself one, of the output's gradient spread out by the stride, with
 * the kernel turned round. The runtime's own takes several times as long.
 * @param {number} side of the input
 * @param {Tensor} dy
 * @param {Convolution} convolution
 */
export function toInput(side, dy, { kernel, stride, padding, turned }) {
  const [size] = kernel.shape;
  const unread = (side + 2 * padding - size) % stride; // pixels at the far edges
  return tfjs.conv2d({
    x: spread(dy, stride, unread),
    filter: turned ?? keptTurned(kernel),
    strides: 1,
    pad: size - 1 - padding,
  });
}

/**
 * The first picture's alone.
 * @param {Tensor} x
 */
export function first(x) {
  const shape = [1, ...x.shape.slice(1)];
  const size = shape.reduce((product, length) => product * length, 1);
  return tfjs.tensor(x.dataSync().slice(0, size), shape);
}

/**
 * With zeros between the pixels, and some after the last.
 * @param {Tensor} x
 * @param {number} stride
 * @param {number} more
 */
function spread(x, stride, more) {
  if (stride === 1) return x;
  const [pictures, side, , channels] = x.shape;
  const wide = (side - 1) * stride + 1 + more;
  const [from, to] = [x.dataSync(), new Float32Array(pictures * wide * wide * channels)];
  for (let row = 0; row < pictures * side; row++) {
    const [picture, y] = [Math.floor(row / side), row % side];
    const start = picture * wide * wide + y * stride * wide;
    for (let column = 0; column < side; column++) {
      const pixel = (row * side + column) * channels;
      to.set(from.subarray(pixel, pixel + channels), (start + column * stride) * channels);
    }
  }
  return tfjs.tensor(to, [pictures, wide, wide, channels]);
}

/** @type {WeakMap<Tensor, Tensor>} */
const turnedKernels = new WeakMap(); // they take as much memory again, if anybody asks for a gradient

/** @param {Tensor} kernel */
function keptTurned(kernel) {
  const known = turnedKernels.get(kernel);
  if (known) return known;
  const made = tfjs.keep(turnedRound(kernel));
  turnedKernels.set(kernel, made);
  return made;
}

/**
 * From outputs to inputs, the last tap first.
 * @param {Tensor} kernel
 */
export function turnedRound(kernel) {
  const [height, width, inputs, outputs] = kernel.shape;
  const taps = height * width;
  const [from, to] = [kernel.dataSync(), new Float32Array(taps * inputs * outputs)];
  for (let tap = 0; tap < taps; tap++) {
    const [start, end] = [tap * inputs * outputs, (taps - 1 - tap) * inputs * outputs];
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) to[end + o * inputs + i] = from[start + i * outputs + o];
    }
  }
  return tfjs.tensor(to, [height, width, outputs, inputs]);
}

/** @param {Tensor} x */
export const rectified = (x) => tfjs.relu(x);

/**
 * @param {Tensor} x
 * @param {number} size
 * @param {number} stride
 * @param {number} padding
 */
export function maxPooled(x, size, stride, padding) {
  return tfjs.customGrad((x, save) => {
    save([x]);
    return {
      value: tfjs.maxPool(x, size, stride, padding),
      gradFunc: (dy, [x]) => toHighest(x, dy, size, stride, padding),
    };
  })(x);
}

/**
 * The gradient of max pooling: each output's goes to the highest input of its window, and of equals,
 * as empty paper makes them everywhere, to the first, as in torch.
 * @param {Tensor} x
 * @param {Tensor} dy
 * @param {number} size
 * @param {number} stride
 * @param {number} padding
 */
function toHighest(x, dy, size, stride, padding) {
  const [, side, , channels] = x.shape;
  const [, outputs] = dy.shape;
  const [values, gradient] = [x.dataSync(), dy.dataSync()];
  const found = new Float32Array(values.length);
  for (let at = 0; at < gradient.length; at++) {
    const pixel = Math.floor(at / channels);
    const picture = Math.floor(pixel / (outputs * outputs));
    const top = (Math.floor(pixel / outputs) % outputs) * stride - padding;
    const left = (pixel % outputs) * stride - padding;
    let [highest, where] = [-Infinity, 0];
    for (let row = Math.max(top, 0); row < Math.min(top + size, side); row++) {
      for (let column = Math.max(left, 0); column < Math.min(left + size, side); column++) {
        const here = ((picture * side + row) * side + column) * channels + (at % channels);
        if (values[here] > highest) {
          highest = values[here];
          where = here;
        }
      }
    }
    found[where] += gradient[at];
  }
  return tfjs.tensor(found, x.shape);
}

const EPSILON = 1e-5; // torch's

/**
 * Batch norm as in training, of a net that has learnt nothing yet: every channel with mean 0 and
 * variance 1 over the whole batch. Rectified after it, if that is wanted: at once, for speed.
 * @param {Tensor} x
 * @param {boolean} isRectified
 */
export function batchNormed(x, isRectified = false) {
  return tfjs.customGrad((x) => {
    const channels = x.shape[x.shape.length - 1];
    const values = x.dataSync();
    const [means, squares] = meansOf(values, values, channels);
    const scales = squares.map((square, i) => 1 / Math.sqrt(square - means[i] ** 2 + EPSILON));
    const y = new Float32Array(values.length);
    for (let at = 0; at < y.length; at += channels) {
      for (let i = 0; i < channels; i++) y[at + i] = (values[at + i] - means[i]) * scales[i];
    }
    const above = isRectified ? y.map((value) => Math.max(value, 0)) : y;
    return {
      value: tfjs.tensor(above, x.shape),
      gradFunc: (dy) => {
        const slopes = dy.dataSync();
        for (let at = 0; isRectified && at < y.length; at++) if (y[at] <= 0) slopes[at] = 0;
        return tfjs.tensor(throughNorm(slopes, y, scales), x.shape);
      },
    };
  })(x);
}

/**
 * The gradient to what was normed: less its own mean, and less what only scales the channel.
 * @param {Float32Array} dy
 * @param {Float32Array} y
 * @param {Float64Array} scales of the channels
 */
function throughNorm(dy, y, scales) {
  const channels = scales.length;
  const [means, along] = meansOf(dy, y, channels);
  const dx = new Float32Array(dy.length);
  for (let at = 0; at < dx.length; at += channels) {
    for (let i = 0; i < channels; i++) {
      dx[at + i] = (dy[at + i] - means[i] - y[at + i] * along[i]) * scales[i];
    }
  }
  return dx;
}

/**
 * Of every channel the mean of a, and that of a times b.
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @param {number} channels
 */
function meansOf(a, b, channels) {
  const [means, products] = [new Float64Array(channels), new Float64Array(channels)];
  for (let at = 0; at < a.length; at += channels) {
    for (let i = 0; i < channels; i++) {
      means[i] += a[at + i];
      products[i] += a[at + i] * b[at + i];
    }
  }
  const share = channels / a.length;
  return [means, products].map((sums) => sums.map((sum) => sum * share));
}

/**
 * The cross-entropy of the first picture's logits (pictures, 1, 1, digits), one number.
 * @param {Tensor} logits
 * @param {number} label
 */
export function crossEntropy(logits, label) {
  return tfjs.customGrad((logits) => {
    const digits = logits.shape[logits.shape.length - 1];
    const first = [...logits.dataSync().subarray(0, digits)];
    const highest = Math.max(...first);
    const shares = first.map((logit) => Math.exp(logit - highest));
    const whole = shares.reduce((sum, share) => sum + share, 0);
    return {
      value: tfjs.tensor(Float32Array.of(-Math.log(shares[label] / whole)), [1]),
      gradFunc: (dy) => {
        const [slope] = dy.dataSync();
        const found = new Float32Array(logits.shape[0] * digits);
        shares.forEach((share, i) => {
          found[i] = slope * (share / whole - Number(i === label));
        });
        return tfjs.tensor(found, logits.shape);
      },
    };
  })(logits);
}

/**
 * @param {Tensor} a
 * @param {Tensor} b
 */
export const sum = (a, b) => tfjs.add(a, b);

/**
 * @param {Tensor} x
 * @param {number} factor
 */
export const times = (x, factor) =>
  factor === 1 ? x : tfjs.mul(x, tfjs.tensor(new Float32Array([factor]), []));

/**
 * One after the other along the first axis.
 * @param {Tensor} a
 * @param {Tensor} b of the same shape otherwise
 */
export function joined(a, b) {
  const [count, ...shape] = a.shape;
  const [first, second] = [a.dataSync(), b.dataSync()];
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return tfjs.tensor(both, [count + b.shape[0], ...shape]);
}

/**
 * The gradients of the products of f's output with a weight each, summed, to every one of xs.
 * @param {(...xs: Tensor[]) => Tensor} f
 * @param {Tensor[]} xs
 * @param {Tensor} weights of the shape of f's output
 */
export const gradients = (f, xs, weights) => tfjs.grads(f)(xs, weights);
