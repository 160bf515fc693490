// @ts-check
// The tensor runtime: the only file that knows which one it is (TensorFlow.js on WebAssembly), so
// that another can take its place. Maps are (1, height, width, channels).
//
// What a step makes is freed when the scope around it ends; what is made outside of any stays.

import * as tfjs from "../vendor/tfjs.js";

/**
 * @typedef {import("../vendor/tfjs.js").Tensor} Tensor
 *
 * @typedef {object} Convolution
 * @property {Tensor} kernel (height, width, in, out)
 * @property {Tensor} bias (out)
 * @property {number} stride
 * @property {number} padding
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
function toInput(side, dy, { kernel, stride, padding }) {
  const [size] = kernel.shape;
  const unread = (side + 2 * padding - size) % stride; // pixels at the far edges
  return tfjs.conv2d({
    x: spread(dy, stride, unread),
    filter: turned(kernel),
    strides: 1,
    pad: size - 1 - padding,
  });
}

/**
 * With zeros between the pixels, and some after the last.
 * @param {Tensor} x
 * @param {number} stride
 * @param {number} more
 */
function spread(x, stride, more) {
  if (stride === 1) return x;
  const [, side, , channels] = x.shape;
  const wide = (side - 1) * stride + 1 + more;
  const [from, to] = [x.dataSync(), new Float32Array(wide * wide * channels)];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const pixel = (row * side + column) * channels;
      to.set(from.subarray(pixel, pixel + channels), (row * wide + column) * stride * channels);
    }
  }
  return tfjs.tensor(to, [1, wide, wide, channels]);
}

/** @type {WeakMap<Tensor, Tensor>} */
const turnedKernels = new WeakMap(); // they take as much memory again, if anybody asks for a gradient

/**
 * From outputs to inputs, the last tap first.
 * @param {Tensor} kernel
 */
function turned(kernel) {
  const known = turnedKernels.get(kernel);
  if (known) return known;
  const [height, width, inputs, outputs] = kernel.shape;
  const taps = height * width;
  const [from, to] = [kernel.dataSync(), new Float32Array(taps * inputs * outputs)];
  for (let tap = 0; tap < taps; tap++) {
    const [start, end] = [tap * inputs * outputs, (taps - 1 - tap) * inputs * outputs];
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) to[end + o * inputs + i] = from[start + i * outputs + o];
    }
  }
  const made = tfjs.keep(tfjs.tensor(to, [height, width, outputs, inputs]));
  turnedKernels.set(kernel, made);
  return made;
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
  const within = (/** @type {number} */ at) => Math.min(Math.max(at, 0), side);
  gradient.forEach((share, at) => {
    const pixel = Math.floor(at / channels);
    const [top, left] = [Math.floor(pixel / outputs), pixel % outputs].map(
      (place) => place * stride - padding,
    );
    let [highest, where] = [-Infinity, 0];
    for (let row = within(top); row < within(top + size); row++) {
      for (let column = within(left); column < within(left + size); column++) {
        const here = (row * side + column) * channels + (at % channels);
        if (values[here] > highest) [highest, where] = [values[here], here];
      }
    }
    found[where] += share;
  });
  return tfjs.tensor(found, x.shape);
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
