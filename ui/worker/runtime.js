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
export function convolved(x, { kernel, bias, stride, padding }) {
  // With a gradient to x alone: there is no kernel for the one to the weights, and nobody trains.
  return tfjs.customGrad((x) => ({
    value: tfjs.conv2d({ x, filter: kernel, bias, strides: stride, pad: padding }),
    gradFunc: (dy) => tfjs.conv2DBackpropInput(x.shape, dy, kernel, stride, padding),
  }))(x);
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
 * The gradients of the products of f's output with a weight each, summed, to every one of xs.
 * @param {(...xs: Tensor[]) => Tensor} f
 * @param {Tensor[]} xs
 * @param {Tensor} weights of the shape of f's output
 */
export const gradients = (f, xs, weights) => tfjs.grads(f)(xs, weights);
