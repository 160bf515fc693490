// The nearest digits, worked out by hand. That they are Python's is tested by tests/test_parity.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { nearestOf, nearestTo, picturesOf, vote } from "../../ui/worker/nearest.js";
import { FileError } from "../../ui/worker/safetensors.js";

/** A code of two numbers: the sums of both channels, and 10 times the first pixel's first. */
const coder = {
  levels: new Int8Array([1, 10, 1, 0, 1, 0, 1, 0]), // channels outermost, as in torch
  scale: new Float32Array([1, 1]),
  offset: new Float32Array([-4, 0]),
};
const map = { values: new Float32Array([1, 3, 2, 4]), size: 1, channels: 4 }; // the code (6, 10)

const at = (...codes) => ({ coder, stored: new Int8Array(codes.flat()), usual: 2 });

test("the nearest come in order, and of equals the first", () => {
  const codes = at([6, 20], [9, 14], [6, 12], [6, 10], [2, 7], [6, 8]);
  assert.deepEqual(nearestTo(codes, map, 3), [
    { which: 3, distance: 0 },
    { which: 2, distance: 1 },
    { which: 5, distance: 1 },
  ]);
  const [, , , fourth, fifth] = nearestTo(codes, map, 5);
  assert.deepEqual(
    [fourth, fifth].map(({ which }) => which),
    [1, 4],
  );
  assert.deepEqual(
    [fourth, fifth].map(({ distance }) => distance),
    [2.5, 2.5],
  );
});

test("the label that most have, and of equals the nearest's", () => {
  assert.equal(vote([4, 4, 9]), 4);
  assert.equal(vote([9, 4, 4]), 4);
  assert.equal(vote([9, 4, 7]), 9);
});

const tensor = (values, ...shape) => ({ values, shape, dtype: "U8" });

test("pictures are found by their digit's index", () => {
  const stored = {
    indices: tensor(new Int32Array([7, 300]), 2),
    images: tensor(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]), 2, 2, 2),
  };
  const found = picturesOf({ tensor: (name) => stored[name] }, new Set([300, 7]));
  assert.deepEqual(found, { 300: btoa("\x05\x06\x07\x08"), 7: btoa("\x01\x02\x03\x04") });
});

test("those in other weights are refused", () => {
  const net = { weights: "f00", rules: { board: { places: [] } } };
  assert.throws(() => nearestOf({ about: { weights_sha256: "ba5" } }, net), FileError);
});
