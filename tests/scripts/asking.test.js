// One request is under way at a time, and the newest drawing goes next.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";

import * as drawings from "../../ui/drawing.js";
import { createPage, WHOLE, wholeUnits } from "../../ui/page.js";
import { isAnswered, keepAsking, questionOf } from "../../ui/page_asking.js";

const board = (lens = "maps", units = wholeUnits(8)) => ({ units, lens });
const out = () => [{ ...WHOLE, is_out: true }, ...wholeUnits(7)];
const line = (y) => [
  [
    [100, y],
    [900, y],
  ],
];

const visits = []; // what has no answer at the end of a test would be asked for ever

afterEach(() => {
  for (const visit of visits.splice(0)) {
    visit.isOver = true;
    for (const { resolve } of visit.asked) resolve({ error: "over" });
  }
});

/** A page whose server answers when a test says so. */
function visit(options) {
  const page = createPage({
    drawing: drawings.empty(),
    board: board(),
    isBoardInSight: false,
    lab: null,
    reply: null,
    isAsking: false,
    trouble: "",
  });
  const visit = { page, asked: [], isOver: false, again: () => {} };
  visits.push(visit);
  const read = (question) =>
    new Promise((resolve, reject) => {
      if (visit.isOver) resolve({ error: "over" });
      else visit.asked.push({ question, resolve, reject });
    });
  visit.again = keepAsking(page, read, options);
  return visit;
}

const settle = () => wait(0);

test("an empty pad asks nobody", () => {
  const { page, asked } = visit();
  assert.equal(asked.length, 0);
  assert.equal(page.state.reply, null);
});

test("what is drawn meanwhile goes in one question, the newest, and its answer wins", async () => {
  const { page, asked } = visit();
  const point = drawings.begun(drawings.empty(), [0, 0]);
  page.set({ drawing: point });
  for (const x of [10, 20, 30]) {
    page.set({ drawing: drawings.extended(page.state.drawing, [[x, 0]], 3) });
  }
  assert.equal(asked.length, 1);
  assert.ok(page.state.isAsking);
  asked[0].resolve({ answers: "early" });
  await settle();
  assert.equal(page.state.reply.answers, "early"); // the pen goes on: every answer is shown
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[1].question.strokes, [
    [
      [0, 0],
      [10, 0],
      [20, 0],
      [30, 0],
    ],
  ]);
  asked[1].resolve({ answers: "whole" });
  await settle();
  assert.equal(page.state.reply.answers, "whole");
  assert.equal(asked.length, 2);
  assert.equal(page.state.isAsking, false);
});

test("the next question is under way before the page shows an answer", async () => {
  const { page, asked } = visit();
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  page.set({ drawing: { ...page.state.drawing, strokes: line(200) } });
  const under = [];
  page.subscribe(["reply"], ({ reply }) => reply && under.push(asked.length));
  asked[0].resolve({ answers: "early" });
  await settle();
  assert.deepEqual(under, [2]);
});

test("an answer to what is no longer there is not shown", async () => {
  const { page, asked } = visit();
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  page.set({ drawing: drawings.ofStrokes(line(200)) });
  asked[0].resolve({ answers: "old" });
  await settle();
  assert.equal(page.state.reply, null);
  assert.deepEqual(asked[1].question.strokes, line(200));
  page.set({ drawing: drawings.empty() });
  asked[1].resolve({ answers: "older" });
  await settle();
  assert.equal(page.state.reply, null);
  assert.equal(asked.length, 2);
});

test("clear is clear at once", async () => {
  const { page, asked } = visit();
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].resolve({ answers: "there" });
  await settle();
  page.set({ trouble: "some" });
  page.set({ drawing: drawings.empty() });
  assert.equal(page.state.reply, null);
  assert.equal(page.state.trouble, "");
});

test("the same drawing again, after another, is asked about again", async () => {
  const { page, asked } = visit();
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].resolve({ answers: "first" });
  await settle();
  page.set({ drawing: drawings.empty() });
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  assert.equal(asked.length, 2);
});

test("drawing, lab and board in one change are one question", async () => {
  const { page, asked } = visit();
  const lab = { on: ["line"], pen: 52 };
  page.set({ drawing: drawings.ofStrokes(line(100)), lab, board: board("maps", out()) });
  asked[0].resolve({ answers: "there" });
  await settle();
  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0].question, { strokes: line(100), lab, board: board("maps", out()) });
});

test("a refusal is shown once, and the next change asks again", async () => {
  const { page, asked } = visit();
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].resolve({ error: "The server is busy." });
  await settle();
  assert.equal(page.state.trouble, "The server is busy.");
  assert.equal(page.state.reply, null);
  assert.equal(asked.length, 1);
  page.set({ board: board() });
  asked[1].resolve({ answers: "there" });
  await settle();
  assert.equal(page.state.trouble, "");
});

test("a server that is gone or silent is told of, and asked until it is back", async () => {
  const { page, asked } = visit({ patience: 5, retry: 5 });
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].reject(new Error("gone"));
  await settle();
  assert.match(page.state.trouble, /does not answer/);
  while (asked.length < 3) await wait(1); // the second question was met with silence
  asked[2].resolve({ answers: "back" });
  await settle();
  assert.equal(page.state.reply.answers, "back");
  assert.equal(page.state.trouble, "");
});

test("nothing, as Gradio makes it of a failed request, is no answer", async () => {
  const { page, asked } = visit({ patience: 50, retry: 1 });
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].resolve(undefined);
  await wait(10);
  assert.match(page.state.trouble, /does not answer/);
  assert.equal(asked.length, 2);
  asked[1].resolve({ answers: "back" });
});

test("the board is in the question where somebody sees it or it changes the answer", () => {
  const state = { drawing: drawings.ofStrokes(line(1)), lab: null, board: board() };
  assert.equal(questionOf({ ...state, isBoardInSight: false }).board, undefined);
  assert.deepEqual(questionOf({ ...state, isBoardInSight: true }).board, board());
  const altered = { ...state, board: board("maps", out()), isBoardInSight: false };
  assert.deepEqual(questionOf(altered).board, altered.board);
});

test("a test digit comes prepared: the lab has no part in its question", () => {
  const lab = { on: [], pen: 52 };
  const digit = drawings.ofPicture(drawings.ofTestDigit(18, 3, null));
  const state = { drawing: digit, lab, board: null };
  assert.deepEqual(questionOf(state), { digit: 18 });
  const upload = drawings.ofPicture({ asked: { image: "AAAA" }, isInk: false, source: "" });
  assert.deepEqual(questionOf({ ...state, drawing: upload }), { image: "AAAA", lab });
});

test("the digit of a number that is chosen is in the question, and another is another question", () => {
  const drawing = drawings.ofStrokes(line(2));
  const state = { drawing, lab: null, board: null };
  assert.equal("part" in questionOf(state), false);
  const first = questionOf({ ...state, drawing: { ...drawing, part: 0 } });
  assert.equal(first.part, 0);
  assert.ok(!isAnswered(first, questionOf(state)));
});

test("an answer of whole nets serves with the board out of sight, but not an altered one", () => {
  const strokes = line(1);
  const inside = { strokes, board: board() };
  const altered = { strokes, board: board("maps", out()) };
  assert.ok(isAnswered({ strokes }, inside));
  assert.ok(isAnswered({ strokes }, { strokes }));
  assert.ok(isAnswered(inside, inside));
  assert.ok(!isAnswered({ strokes }, altered));
  assert.ok(!isAnswered(inside, { strokes }));
  assert.ok(!isAnswered(inside, { strokes, board: board("edit") }));
  assert.ok(!isAnswered({ strokes: line(2) }, inside));
  assert.ok(!isAnswered({ strokes }, null));
});

test("what was answered is asked again when the nets are renewed, also under way", async () => {
  const { page, asked, again } = visit();
  again();
  await settle();
  assert.equal(asked.length, 0); // there is nothing to read
  page.set({ drawing: drawings.ofStrokes(line(100)) });
  asked[0].resolve({ answers: "old" });
  await settle();
  again();
  assert.equal(asked.length, 2);
  again();
  asked[1].resolve({ answers: "of old or new nets" });
  await settle();
  assert.equal(asked.length, 3);
  asked[2].resolve({ answers: "new" });
  await settle();
  assert.equal(page.state.reply.answers, "new");
  assert.equal(asked.length, 3);
});
