// @ts-check
// Nets of several depths read one picture, for the page's part of that name.

import { answerOf } from "./calibration.js";
import { input, trace } from "./net.js";
import { othersFirst } from "./newest.js";
import * as runtime from "./runtime.js";

/**
 * What each says, by kind and layers. Between two nets whatever came in meanwhile is read first: the
 * pad does not wait for these.
 * @param {import("./net.js").Net[]} nets
 * @param {Uint8Array} levels the picture's grey levels
 */
export async function answersOf(nets, levels) {
  const picture = Float32Array.from(levels, (level) => level / 255);
  /** @type {Record<string, import("../page.js").Answer>} */
  const answers = {};
  for (const net of nets) {
    await othersFirst();
    runtime.scope(() => {
      const logits = runtime.valuesOf(trace(net, input(net, picture)).logits);
      answers[`${net.variant}-${net.depth}`] = answerOf(picture, logits, net.calibration, true);
    });
  }
  return { answers };
}
