// What the triangles of nets say of a drawing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { finding, kept, named } from "../../ui/paths_words.js";

// Three units that can be out, in the order of resnet/paths.py.
const WAYS = [[], [1], [2], [1, 2], [4], [1, 4], [2, 4], [1, 2, 4]];
const NET = { variant: "plain", title: "Without", ways: WAYS };
const CERTAINTIES = WAYS.map((_, index) => 1 - index / 10);
const said = (digits) => ({ digits, certainties: CERTAINTIES });

test("a row counts the nets that say what the whole one says", () => {
  assert.deepEqual(kept(WAYS, said([7, 7, 1, 7, 7, 2, 2, 7])), [
    { same: 1, total: 1 },
    { same: 2, total: 3 },
    { same: 1, total: 3 },
    { same: 1, total: 1 },
  ]);
});

test("where the whole net sees no digit nobody keeps one", () => {
  const none = said([null, null, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(
    kept(WAYS, none).map(({ same }) => same),
    [0, 0, 0, 0],
  );
  assert.equal(finding(NET, none), "the whole net sees no digit here");
});

test("the finding is of two units out", () => {
  assert.equal(finding(NET, said([8, 8, 8, 8, 8, 8, 1, 1])), "2 of 3 nets still read an 8");
  assert.equal(finding(NET, said([7, 7, 7, 1, 7, 1, 7, 7])), "1 of 3 nets still reads a 7");
  assert.equal(finding(NET, said([7, 7, 7, 1, 7, 1, 2, 7])), "0 of 3 nets still read a 7");
});

test("a net is named by what is out, and says what it reads", () => {
  const digits = said([7, 7, 1, 7, 7, 7, 7, 7]);
  assert.equal(named([], 0, digits), "The whole net: a 7, 100.0 %.");
  assert.equal(named([1], 1, digits), "Unit 1 is out: still a 7, 90.0 %.");
  assert.equal(named([2], 2, digits), "Unit 2 is out: now a 1 (was a 7), 80.0 %.");
  assert.equal(named([2, 4], 6, digits), "Units 2 and 4 are out: still a 7, 40.0 %.");
  assert.equal(named([2, 4], 6, null), "Units 2 and 4 are out.");
  assert.equal(named([], 0, said([null, 1])), "The whole net: no digit.");
});
