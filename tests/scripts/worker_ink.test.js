// The worker's ink where Python's is not beside it: what it refuses, and what it forgets.
// That both make the same pictures is tested by tests/test_parity.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { checked, fromStrokes, InkError } from "../../ui/worker/ink.js";
import { stepsOfStrokes } from "../../ui/worker/lab.js";

const INK = {
  side: 32,
  box: 20,
  mnistBox: 20,
  line: 2.6,
  centre: 16.5,
  room: 6,
  mean: 0.1,
  std: 0.3,
  maxPoints: 30,
  maxPixels: 1e6,
  coarse: 400,
  minContrast: 0.1,
};
const LAB = {
  steps: ["crop", "box", "line", "centre"],
  sheet: 1000,
  thinnest: 20,
  thickest: 160,
  beyond: 1e5,
};
const SEVEN = [
  [
    [20, 10],
    [50, 10],
    [35, 60],
  ],
];
const furthest = (a, b) => Math.max(...a.map((value, at) => Math.abs(value - b[at])));

test("where and how large it was drawn is forgotten", () => {
  const far = SEVEN.map((line) => line.map(([x, y]) => [40 * x - 7000, 40 * y + 900]));
  assert.ok(furthest(fromStrokes(SEVEN, INK), fromStrokes(far, INK)) < 1e-5);
});

test("nothing is blank, a point is a dot in the middle", () => {
  assert.ok(fromStrokes([], INK).every((ink) => ink === 0));
  assert.ok(fromStrokes([[]], INK).every((ink) => ink === 0));
  const dot = fromStrokes([[[5, 5]]], INK);
  assert.equal(dot[16 * 32 + 16], 1);
  assert.ok(dot.reduce((sum, ink) => sum + ink) < 10);
});

test("what is no drawing is refused in one sentence", () => {
  const bad = [
    null,
    "strokes",
    [null],
    [[1, 2]],
    [[[1]]],
    [[[1, 2, 3]]],
    [[["1", "2"]]],
    [[[1, Number.NaN]]],
    [[[1, Number.POSITIVE_INFINITY]]],
    [[[1, 1e101]]],
    [Array.from({ length: 31 }, () => [0, 0])],
    Array.from({ length: 31 }, () => []),
  ];
  for (const strokes of bad) {
    assert.throws(() => checked(strokes, INK), InkError, JSON.stringify(strokes));
    assert.throws(() => checked(strokes, INK), /\.$/);
  }
});

test("the lab's last step is the picture; steps that are off change nothing", () => {
  const all = stepsOfStrokes(SEVEN, { on: LAB.steps, pen: 52 }, LAB, INK);
  assert.equal(all.length, 5);
  assert.ok(furthest(all[4], fromStrokes(SEVEN, INK)) < 1e-6);
  const none = stepsOfStrokes(SEVEN, { on: [], pen: 52 }, LAB, INK);
  for (const picture of none) assert.deepEqual(picture, all[0]);
});

test("the lab refuses an unknown pen width, and strokes far from the sheet", () => {
  for (const pen of [19, 161, Number.NaN, undefined]) {
    assert.throws(() => stepsOfStrokes(SEVEN, { on: [], pen }, LAB, INK), InkError);
  }
  const far = [[[0, 2e5]]];
  assert.throws(() => stepsOfStrokes(far, { on: [], pen: 52 }, LAB, INK), InkError);
});
