// Drawings are never changed: each step gives a new one.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as drawings from "../../ui/drawing.js";
import { middle } from "../../ui/pictures.js";

const frozen = (drawing) => Object.freeze({ ...drawing, strokes: Object.freeze(drawing.strokes) });

test("points nearer than the gap to the one before are left out", () => {
  const before = frozen(drawings.begun(drawings.empty(), [0, 0]));
  const after = drawings.extended(
    before,
    [
      [1, 1],
      [2, 2],
      [3, 3],
      [3, 5],
      [9, 9],
    ],
    3,
  );
  assert.deepEqual(after.strokes, [
    [
      [0, 0],
      [3, 3],
      [9, 9],
    ],
  ]);
  assert.deepEqual(before.strokes, [[[0, 0]]]);
});

test("a pen that hardly moves changes nothing", () => {
  const before = drawings.begun(drawings.empty(), [0, 0]);
  assert.equal(drawings.extended(before, [[1, 1]], 3), before);
});

test("the pen goes on in the visitor's own drawing and starts anew on any other", () => {
  const own = drawings.begun(drawings.empty(), [1, 1]);
  const more = drawings.begun(own, [5, 5]);
  assert.equal(more.id, own.id);
  assert.deepEqual(more.strokes, [[[1, 1]], [[5, 5]]]);
  const digit = drawings.ofPicture(drawings.ofTestDigit(3, 4, null));
  for (const other of [drawings.ofSample(7, [[[1, 1]]]), digit, drawings.lent([[[1, 1]]])]) {
    const anew = drawings.begun(other, [5, 5]);
    assert.notEqual(anew.id, other.id);
    assert.deepEqual([anew.strokes, anew.picture, anew.sample], [[[[5, 5]]], null, null]);
    assert.ok(anew.isMine && !anew.isLent);
  }
});

test("what replaces a drawing is another one", () => {
  const ids = [drawings.empty(), drawings.empty(), drawings.ofStrokes([])].map(({ id }) => id);
  assert.equal(new Set(ids).size, 3);
});

test("undo takes the last stroke, of a picture the whole", () => {
  const two = drawings.ofSample(4, [[[1, 1]], [[2, 2]]]);
  const one = drawings.undone(two);
  assert.deepEqual([one.strokes, one.sample, one.isMine], [[[[1, 1]]], null, true]);
  const picture = drawings.ofPicture(drawings.ofTestDigit(3, 4, null));
  assert.ok(drawings.isEmpty(drawings.undone(picture)));
});

test("what Clear took comes back, after what was drawn since is undone", () => {
  const picture = drawings.ofPicture(drawings.ofTestDigit(3, 4, null));
  for (const before of [drawings.ofSample(4, [[[1, 1]]]), picture]) {
    const empty = drawings.cleared(drawings.cleared(before));
    assert.ok(drawings.isEmpty(empty));
    const { id, ...back } = drawings.undone(empty);
    const { id: idBefore, ...there } = before;
    assert.notEqual(id, idBefore); // or a late answer to the empty pad would be taken for its own
    assert.deepEqual(back, there);
    const drawn = drawings.begun(empty, [5, 5]);
    assert.deepEqual(drawings.undone(drawings.undone(drawn)).sample, before.sample);
  }
});

test("an untouched pad has nothing to undo", () => {
  const empty = drawings.empty();
  assert.equal(drawings.undone(empty), empty);
});

test("in the corner a drawing keeps its shape", () => {
  const strokes = [
    [
      [200, 300],
      [600, 300],
    ],
    [[600, 1100]],
  ];
  assert.deepEqual(drawings.inCorner(strokes, 60, 400), [
    [
      [60, 60],
      [260, 60],
    ],
    [[260, 460]],
  ]);
  assert.deepEqual(drawings.inCorner([[[500, 500]]], 60, 400), [[[60, 60]]]);
});

test("the digit of a number that is looked into stays until a stroke comes or goes", () => {
  const chosen = { ...drawings.begun(drawings.begun(drawings.empty(), [0, 0]), [9, 0]), part: 0 };
  assert.equal(drawings.extended(chosen, [[9, 50]], 3).part, 0);
  assert.equal(drawings.begun(chosen, [20, 0]).part, null);
  assert.equal(drawings.undone(chosen).part, null);
});

test("a test digit is named once its label is known", () => {
  assert.equal(drawings.ofTestDigit(18, null, null).source, "");
  assert.equal(drawings.ofTestDigit(18, 3, null).source, "MNIST test digit 18, labelled 3");
});

test("the middle of a picture is without its margin", () => {
  const picture = Uint8Array.from({ length: 16 }, (_, i) => i);
  assert.deepEqual(middle(picture, 2), [5, 6, 9, 10]);
});
