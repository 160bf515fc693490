// What a nudged drawing needs of the runtime: batch norm and the ways back through a whole batch,
// against differences. That the nets do what torch's do is tested by tests/test_shake_worker.py.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";

import * as runtime from "../../ui/worker/runtime.js";
import { shaken } from "../../ui/worker/shake.js";

let seed = 1;
const random = () => {
  seed = (seed * 16807) % 2147483647;
  return seed / 2147483647 - 0.5;
};
const randoms = (count) => Float32Array.from({ length: count }, random);

before(async () => {
  const program = new URL("../../ui/vendor/tfjs.wasm", import.meta.url);
  await runtime.start(new Uint8Array(await readFile(program)));
});

/**
 * The gradient of f's output, each number with a random weight, is what small changes show.
 */
function assertSlopes(f, shape, step = 1e-2) {
  runtime.scope(() => {
    const values = randoms(shape.reduce((product, size) => product * size, 1));
    const y = f(runtime.tensor(values, shape));
    const weights = randoms(runtime.valuesOf(y).length);
    const [gradient] = runtime
      .gradients(f, [runtime.tensor(values, shape)], runtime.tensor(weights, y.shape))
      .map(runtime.valuesOf);
    const score = (at, change) => {
      const moved = values.slice();
      moved[at] += change;
      const found = runtime.valuesOf(f(runtime.tensor(moved, shape)));
      return found.reduce((sum, value, i) => sum + value * weights[i], 0);
    };
    const scale = Math.max(...gradient.map(Math.abs));
    assert.ok(scale > 0);
    for (let at = 0; at < values.length; at += 7) {
      const slope = (score(at, step) - score(at, -step)) / (2 * step);
      assert.ok(Math.abs(slope - gradient[at]) < 0.02 * scale, `${at}: ${slope} ${gradient[at]}`);
    }
  });
}

test("batch norm gives every channel mean 0 and variance 1 over the batch", () => {
  runtime.scope(() => {
    const values = randoms(3 * 2 * 2 * 5);
    const y = runtime.valuesOf(runtime.batchNormed(runtime.tensor(values, [3, 2, 2, 5])));
    for (let channel = 0; channel < 5; channel++) {
      const own = [...y].filter((_, at) => at % 5 === channel);
      const mean = own.reduce((sum, value) => sum + value, 0) / 12;
      const square = own.reduce((sum, value) => sum + value ** 2, 0) / 12;
      assert.ok(Math.abs(mean) < 1e-6 && Math.abs(square - 1) < 1e-3);
    }
  });
});

test("the way back through batch norm, with what each picture does to the others", () => {
  assertSlopes((x) => runtime.batchNormed(x), [3, 2, 2, 5]);
  assertSlopes((x) => runtime.batchNormed(x, true), [3, 2, 2, 5], 1e-3);
});

test("the way back through a convolution of a whole batch, with a stride and without", () => {
  for (const [size, stride, padding] of [
    [3, 1, 1],
    [3, 2, 1],
    [1, 2, 0],
    [2, 2, 0],
  ]) {
    const kernel = runtime.tensor(randoms(size * size * 2 * 3), [size, size, 2, 3]);
    const turned = runtime.turnedRound(kernel);
    assertSlopes((x) => runtime.convolved(x, { kernel, turned, stride, padding }), [3, 4, 4, 2]);
  }
});

test("the way back through the pool of a whole batch", () => {
  assertSlopes((x) => runtime.maxPooled(x, 3, 2, 1), [3, 6, 6, 2], 1e-3);
});

test("the loss is that of the first picture alone", () => {
  const loss = (logits) =>
    runtime.scope(() => {
      const x = runtime.tensor(Float32Array.from(logits.flat()), [logits.length, 1, 1, 3]);
      return runtime.valuesOf(runtime.crossEntropy(x, 1))[0];
    });
  const expected = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(0)) - 2;
  assert.ok(
    Math.abs(
      loss([
        [1, 2, 0],
        [9, 0, 0],
      ]) - expected,
    ) < 1e-6,
  );
  assert.ok(
    Math.abs(
      loss([
        [1001, 1002, 1000],
        [0, 9, 0],
      ]) - expected,
    ) < 1e-4,
  );
  assertSlopes((x) => runtime.crossEntropy(x, 1), [2, 1, 1, 3]);
});

test("shaking again and again leaves nothing behind", () => {
  const side = 32;
  const encoded = (count) =>
    Buffer.from(randoms(count * side * side).map((v) => v * 200)).toString("base64");
  const wish = {
    picture: encoded(1),
    others: encoded(7),
    label: 3,
    layers: 18,
    seed: 5,
    nudge: 0.02,
    rules: { variants: ["residual", "plain"], width: 4, grain: 0.02 },
  };
  const look = () => shaken(wish, { side, mean: 0.2, std: 0.35 });
  assert.deepEqual(Object.keys(look().gradients), wish.rules.variants);
  const { numTensors, numBytes } = runtime.memory();
  for (let i = 0; i < 5; i++) look();
  const after = runtime.memory();
  assert.deepEqual([after.numTensors, after.numBytes], [numTensors, numBytes]);
});
