// What the worker loads: checked by its name, then read; and the tensor runtime that it runs on.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";

import * as runtime from "../../ui/worker/runtime.js";
import { FileError, floats, parsed } from "../../ui/worker/safetensors.js";
import { sha256 } from "../../ui/worker/sha256.js";

const nodes = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** A safetensors file as Python writes it, and its name. */
function made(tensors, about) {
  const header = { __metadata__: { about: JSON.stringify(about) } };
  let end = 0;
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + values.byteLength] };
    end += values.byteLength;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  const parts = Object.values(tensors).map(({ values }) => Buffer.from(values.buffer));
  const bytes = new Uint8Array(Buffer.concat([size, head, ...parts]));
  return { buffer: bytes.buffer, name: `some/where/net.${nodes(bytes)}.safetensors` };
}

const file = made(
  {
    whole: { dtype: "F32", shape: [2], values: new Float32Array([0.1, -3]) },
    halves: { dtype: "F16", shape: [5], values: new Uint16Array([0x3c00, 0xc100, 0x3555, 1, 0]) },
    levels: { dtype: "I8", shape: [1, 3], values: new Int8Array([-127, 0, 5]) },
  },
  { format: 1 },
);

test("the hash is node's, around every length that fills a block", () => {
  for (const length of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 100_003]) {
    const bytes = new Uint8Array(randomBytes(length));
    assert.equal(sha256(bytes), nodes(bytes));
  }
});

test("a file's tensors and metadata are what was written", () => {
  const { about, tensor } = parsed(file.buffer, file.name);
  assert.deepEqual(about, { about: { format: 1 } });
  assert.deepEqual(floats(tensor("whole")), new Float32Array([0.1, -3]));
  assert.deepEqual([...floats(tensor("levels"))], [-127, 0, 5]);
  assert.deepEqual(tensor("levels").shape, [1, 3]);
  const [one, less, third, least, zero] = floats(tensor("halves"));
  assert.deepEqual([one, less, least, zero], [1, -2.5, 2 ** -24, 0]);
  assert.ok(Math.abs(third - 1 / 3) < 1e-4);
});

test("a file with one bit turned, cut or under another's name is refused by name", () => {
  const turned = new Uint8Array(file.buffer.slice());
  turned[turned.length - 1] ^= 1;
  const cut = file.buffer.slice(0, -8);
  for (const buffer of [turned.buffer, cut, new ArrayBuffer(0)]) {
    assert.throws(() => parsed(buffer, file.name), FileError);
    assert.throws(() => parsed(buffer, file.name), /^Error: net\./);
  }
  assert.throws(() => parsed(file.buffer, `net.${"0".repeat(64)}.safetensors`), FileError);
});

const ones = (...shape) => {
  const size = shape.reduce((product, side) => product * side, 1);
  return runtime.tensor(new Float32Array(size).fill(1), shape);
};
const row = (...values) => runtime.tensor(new Float32Array(values), [1, 1, 1, values.length]);

before(async () => {
  const program = new URL("../../ui/vendor/tfjs.wasm", import.meta.url);
  await runtime.start(new Uint8Array(await readFile(program)));
});

test("a convolution is worked out by hand, with stride, padding and bias", () => {
  runtime.scope(() => {
    const x = runtime.tensor(
      Float32Array.from({ length: 9 }, (_, i) => i),
      [1, 3, 3, 1],
    );
    const bias = runtime.tensor(new Float32Array([0.5]), [1]);
    const y = runtime.convolved(x, { kernel: ones(3, 3, 1, 1), bias, stride: 2, padding: 1 });
    assert.deepEqual(y.shape, [1, 2, 2, 1]);
    assert.deepEqual([...runtime.valuesOf(y)], [8.5, 12.5, 20.5, 24.5]);
  });
});

test("of equal inputs the first takes the gradient of a pool", () => {
  runtime.scope(() => {
    const pooled = (x) => runtime.maxPooled(x, 2, 2, 0);
    const weights = runtime.tensor(new Float32Array([3]), [1, 1, 1, 1]);
    const [gradient] = runtime.gradients(pooled, [ones(1, 2, 2, 1)], weights);
    assert.deepEqual([...runtime.valuesOf(gradient)], [3, 0, 0, 0]);
  });
});

test("gradients go through a sum to both, and not through what is below 0", () => {
  runtime.scope(() => {
    const f = (x, y) => runtime.rectified(runtime.times(runtime.sum(x, y), 2));
    const inputs = [row(1, -5, 0), row(1, 1, 0)];
    const found = runtime.gradients(f, inputs, row(1, 10, 100)).map(runtime.valuesOf);
    assert.deepEqual(
      found.map((one) => [...one]),
      [
        [2, 0, 0],
        [2, 0, 0],
      ],
    );
  });
});

test("a scope leaves nothing but what it returns", () => {
  const { numTensors } = runtime.memory();
  const kept = runtime.scope(() => runtime.sum(row(1), row(2)));
  assert.equal(runtime.memory().numTensors, numTensors + 1);
  kept.dispose();
});
