// @ts-check
// Both nets by one formula: a unit computes y = relu(a * f(x) + b * shortcut(x)). What a visitor
// does to it changes a and b, as in resnet/surgery.py:
//
//               residual   plain
//     whole       1, 1      1, 0
//     dial d      d, 1      d, 0
//     out         0, 1      0, 1   where it does not change the shape
//     cut         1, 0             its shortcut

import { normalised } from "./ink.js";
import * as runtime from "./runtime.js";
import { FileError, floats } from "./safetensors.js";

/**
 * @typedef {import("./runtime.js").Tensor} Tensor
 * @typedef {import("./runtime.js").Convolution} Convolution
 * @typedef {import("./safetensors.js").File} File
 * @typedef {import("../page.js").Unit} How
 * @typedef {import("../page.js").Variant} Variant
 *
 * @typedef {object} Rules what resnet/export.py sends along
 * @property {import("./ink.js").InkRules} ink
 * @property {import("./several.js").SeveralRules} several
 * @property {import("./lab.js").LabRules} lab
 * @property {{units: number, places: string[], lenses: string[], tiled: number, nearest: number}} board
 *
 * @typedef {object} Unit
 * @property {Convolution} conv1
 * @property {Convolution} conv2
 * @property {Convolution | null} downsample carries the input over a change of shape
 * @property {boolean} isResidual
 * @property {boolean} changesShape
 *
 * @typedef {object} Net
 * @property {Variant} variant
 * @property {number} depth layers
 * @property {string} weights their sha256, as the checkpoint has it
 * @property {import("./calibration.js").Calibration} calibration
 * @property {Rules} rules
 * @property {Convolution} stem
 * @property {Unit[]} units
 * @property {Convolution} head onto the last map, of one pixel
 *
 * @typedef {object} Trace
 * @property {Tensor[]} maps what the stem and each unit gave, (1, size, size, channels)
 * @property {Tensor} logits (1, 1, 1, 10)
 */

const FORMAT = 1; // of resnet/export.py

/**
 * @param {File} file
 * @returns {Net}
 */
export function netOf(file) {
  const { about } = file.about;
  if (about?.format !== FORMAT) throw new FileError("The nets are of another version of the page.");
  const { convolutions } = about;
  /** @param {string} name */
  const convolution = (name) => convolutionOf(file, name, convolutions[name]);
  const isResidual = about.variant === "residual";
  const names = Object.keys(convolutions)
    .filter((name) => name.endsWith(".conv1"))
    .map((name) => name.replace(".conv1", ""));
  return {
    variant: about.variant,
    depth: about.depth,
    weights: about.weights_sha256,
    calibration: about.calibration,
    rules: about.rules,
    stem: convolution("conv1"),
    units: names.map((name) => {
      const conv1 = convolution(`${name}.conv1`);
      const [, , before, after] = conv1.kernel.shape;
      const carries = `${name}.downsample.0`;
      return {
        conv1,
        conv2: convolution(`${name}.conv2`),
        downsample: carries in convolutions ? convolution(carries) : null,
        isResidual,
        changesShape: conv1.stride !== 1 || before !== after,
      };
    }),
    head: convolution("fc"),
  };
}

/**
 * @param {File} file
 * @param {string} name
 * @param {{stride: number, padding: number}} how
 * @returns {Convolution}
 */
function convolutionOf(file, name, how) {
  const kernel = file.tensor(`${name}.kernel`);
  const bias = file.tensor(`${name}.bias`);
  const weights = floats(kernel);
  if (kernel.dtype === "I8") {
    const scale = floats(file.tensor(`${name}.scale`));
    for (let at = 0; at < weights.length; at++) weights[at] *= scale[at % scale.length];
  }
  return {
    kernel: runtime.tensor(weights, kernel.shape),
    bias: runtime.tensor(floats(bias), bias.shape),
    ...how,
  };
}

/** @param {Unit} unit */
export const canBeOut = ({ isResidual, changesShape }) => isResidual || !changesShape;

/**
 * Whether a unit computes something else then.
 * @param {Unit} unit
 * @param {How} how
 */
export function alters(unit, how) {
  const [a, b] = factors(unit, how);
  return a !== 1 || b !== Number(unit.isResidual);
}

/**
 * a and b of the formula. A unit that cannot be out stays in.
 * @param {Unit} unit
 * @param {How} how
 * @returns {[number, number]}
 */
function factors(unit, { is_out, has_shortcut, dial }) {
  if (is_out && canBeOut(unit)) return [0, 1];
  return [dial, unit.isResidual && has_shortcut ? 1 : 0];
}

/**
 * f(x), what the unit adds to its shortcut.
 * @param {Unit} unit
 * @param {Tensor} x
 */
function branch({ conv1, conv2 }, x) {
  const y = runtime.rectified(runtime.convolved(x, conv1));
  return runtime.convolved(y, conv2);
}

/**
 * @param {Unit} unit
 * @param {Tensor} x
 */
export const shortcut = ({ downsample }, x) => (downsample ? runtime.convolved(x, downsample) : x);

/**
 * @param {Unit} unit
 * @param {Tensor} x
 * @param {How} how
 */
export function outputOf(unit, x, how) {
  const [a, b] = factors(unit, how);
  if (a === 0 && b === 1) return runtime.rectified(shortcut(unit, x));
  const y = runtime.times(branch(unit, x), a);
  return runtime.rectified(b ? runtime.sum(y, shortcut(unit, x)) : y);
}

/**
 * @param {Net} net
 * @param {Tensor} x
 */
export function stem(net, x) {
  return runtime.maxPooled(runtime.rectified(runtime.convolved(x, net.stem)), 3, 2, 1);
}

/**
 * @param {Net} net
 * @param {Float32Array} picture
 * @returns {Tensor} (1, side, side, 1)
 */
export function input({ rules }, picture) {
  const { side } = rules.ink;
  return runtime.tensor(normalised(picture, rules.ink), [1, side, side, 1]);
}

/**
 * Through a net whose units are altered, or whole where nothing is said.
 * @param {Net} net
 * @param {Tensor} x as input gives it
 * @param {How[] | null} settings
 * @param {Tensor[]} extras are added to the maps as they come: what the logits owe to these, they
 *   owe to the maps
 * @returns {Trace}
 */
export function trace(net, x, settings = null, extras = []) {
  const plus = (/** @type {Tensor} */ map, /** @type {number} */ place) =>
    extras.length > 0 ? runtime.sum(map, extras[place]) : map;
  const maps = [plus(stem(net, x), 0)];
  net.units.forEach((unit, index) => {
    const how = settings?.[index] ?? WHOLE;
    maps.push(plus(outputOf(unit, maps[index], how), index + 1));
  });
  return { maps, logits: runtime.convolved(maps[net.units.length], net.head) };
}

/** @type {How} */
export const WHOLE = { is_out: false, has_shortcut: true, dial: 1 };
