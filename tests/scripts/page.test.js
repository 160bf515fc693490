// One state: whoever comes late hears what came before, and one change is one call.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { empty } from "../../ui/drawing.js";
import { createPage, drawingOf, shownUnits, WHOLE } from "../../ui/page.js";

const fresh = () => createPage({ drawing: empty(), board: null, lab: null, reply: null });

test("a listener hears at once what came before it", () => {
  const page = fresh();
  page.set({ reply: "first" });
  const heard = [];
  page.subscribe(["reply"], ({ reply }) => heard.push(reply));
  page.set({ reply: "second" });
  assert.deepEqual(heard, ["first", "second"]);
});

test("a change of several parts is one call, with all of it done", () => {
  const page = fresh();
  const heard = [];
  page.subscribe(["board", "lab"], ({ board, lab }) => heard.push([board, lab]));
  page.set({ board: 1, lab: 2 });
  assert.deepEqual(heard, [
    [null, null],
    [1, 2],
  ]);
});

test("other parts, and what stays as it is, are not heard of", () => {
  const page = fresh();
  const listener = mock.fn();
  page.subscribe(["lab"], listener);
  page.set({ board: 1 });
  page.set({ lab: null });
  assert.equal(listener.mock.callCount(), 1);
});

test("a change that a listener makes is heard of, and the newest state is seen last", () => {
  const page = fresh();
  const seen = [];
  page.subscribe(["board"], ({ board }) => {
    if (board === 1) page.set({ board: 2 });
  });
  page.subscribe(["board"], ({ board }) => seen.push(board));
  page.set({ board: 1 });
  assert.equal(seen.at(-1), 2);
  assert.equal(page.state.board, 2);
});

test("nobody's page starts with what another one has", () => {
  const page = fresh();
  page.set({ board: 1 });
  assert.equal(fresh().state.board, null);
});

test("the units shown are those of the answer, while there is one", () => {
  const out = [{ ...WHOLE, is_out: true }];
  const board = { units: [WHOLE], lens: "maps" };
  const reply = { asked: { board: { units: out } } };
  assert.deepEqual(shownUnits({ board, reply }), out);
  assert.deepEqual(shownUnits({ board, reply: null }), [WHOLE]);
  assert.deepEqual(shownUnits({ board, reply: { asked: {} } }), []);
});

test("a question is about its drawing and its preparation, whatever is asked of the nets", () => {
  const strokes = [[[1, 2]]];
  const lab = { on: [], pen: 52 };
  assert.equal(drawingOf({ strokes }), drawingOf({ strokes, board: { units: [], lens: "why" } }));
  assert.notEqual(drawingOf({ strokes }), drawingOf({ strokes, lab }));
  assert.notEqual(drawingOf({ strokes }), drawingOf({ strokes: [[[1, 3]]] }));
});
