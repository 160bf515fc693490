// @ts-check
// Every net that is left when units are taken out of one: resnet/paths.py once more.

import { answerOf } from "./calibration.js";
import { canBeOut, input, outputOf, stem, WHOLE } from "./net.js";
import * as runtime from "./runtime.js";

/** @typedef {import("./net.js").Net} Net */

const DIGITS = 10;
const OUT = { ...WHOLE, is_out: true };

/**
 * Ten logits of each net, one after the other. Each unit runs once, on all that reaches it.
 * @param {Net} net
 * @param {Float32Array} picture
 */
export function logitsOf(net, picture) {
  return runtime.scope(() => {
    let x = stem(net, input(net, picture));
    for (const unit of net.units) {
      const stays = outputOf(unit, x, WHOLE);
      x = canBeOut(unit) ? runtime.joined(stays, outputOf(unit, x, OUT)) : stays;
    }
    return runtime.valuesOf(runtime.convolved(x, net.head));
  });
}

/**
 * What each of them says. As on the board, the whole net alone may refuse.
 * @param {Net} net
 * @param {Float32Array} picture
 * @returns {import("../page.js").EveryWay}
 */
export function everyWay(net, picture) {
  const logits = logitsOf(net, picture);
  const answers = Array.from({ length: logits.length / DIGITS }, (_, index) =>
    answerOf(
      picture,
      logits.subarray(index * DIGITS, (index + 1) * DIGITS),
      net.calibration,
      index === 0,
    ),
  );
  return {
    digits: answers.map(({ digit }) => digit),
    certainties: answers.map(({ probabilities }) => Math.max(...(probabilities ?? [0]))),
  };
}
