// @ts-check
// Nets of several depths read one picture, for the page's part of that name.

import { answerOf } from "./calibration.js";
import { input, trace } from "./net.js";
import { othersFirst } from "./newest.js";
import * as runtime from "./runtime.js";

/**
 * What each says, by kind and layers. The pad goes first: between two nets what it asked meanwhile
 * is read.
 * @param {import("./net.js").Net[]} nets
 * @param {Uint8Array} levels the picture's grey levels
 * @param {() => boolean} isPadWaiting
 */
export async function answersOf(nets, levels, isPadWaiting) {
  const picture = Float32Array.from(levels, (level) => level / 255);
  /** @type {Record<string, import("../page.js").Answer>} */
  const answers = {};
  for (const net of nets) {
    do await othersFirst();
    while (isPadWaiting());
    runtime.scope(() => {
      const logits = runtime.valuesOf(trace(net, input(net, picture)).logits);
      answers[`${net.variant}-${net.depth}`] = answerOf(picture, logits, net.calibration, true);
    });
  }
  return { answers };
}
