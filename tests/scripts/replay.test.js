// A replay is of the answers that came, and its sentence says which net settled first.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as drawings from "../../ui/drawing.js";
import { WHOLE, wholeUnits } from "../../ui/page.js";
import { History } from "../../ui/replay_history.js";
import { spansOf, storyOf } from "../../ui/replay_words.js";

const NETS = [
  { variant: "residual", title: "With shortcuts" },
  { variant: "plain", title: "Without" },
];

const answer = (digit) => ({ digit, probabilities: [0.1, 0.9], is_digit: 1, reason: null });

const reply = (drawing, residual, plain, more = {}) => ({
  drawing,
  asked: { strokes: drawing.strokes, ...more },
  answers: { residual: answer(residual), plain: answer(plain) },
});

/** A line of ten equal steps, as the pen draws it: a drawing after each. */
function line() {
  const all = [drawings.begun(drawings.empty(), [0, 0])];
  for (let i = 1; i <= 10; i++) all.push(drawings.extended(all.at(-1), [[50 * i, 0]], 3));
  return all;
}

/** Of that line, with these answers of both nets. */
function history(residual, plain) {
  const noted = new History();
  for (const [i, drawing] of line().entries()) {
    noted.note(reply(drawing, residual[i], plain[i]), 100 * i);
  }
  return noted;
}

const all = (digit) => Array(11).fill(digit);
const story = (residual, plain) => storyOf(history(residual, plain).moments, NETS);

test("each answer is kept with its share of the line and its time", () => {
  const { moments } = history(all(7), all(7));
  const shares = moments.map(({ share }) => Math.round(10 * share));
  assert.deepEqual(shares, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(moments.at(-1).time, 1000);
  assert.deepEqual(moments[3].said.plain, { digit: 7, certainty: 0.9 });
});

test("the drawing comes back as it was", () => {
  const [first] = line();
  const noted = new History();
  const one = drawings.extended(first, [[100, 0]], 3);
  const two = drawings.begun(one, [500, 500]);
  const three = drawings.extended(two, [[500, 600]], 3);
  for (const [i, drawing] of [first, one, two, three].entries()) {
    noted.note(reply(drawing, 7, 7), 100 * i);
  }
  for (const [i, drawing] of [first, one, two, three].entries()) {
    assert.deepEqual(noted.drawnAt(noted.moments[i]), drawing.strokes);
  }
  assert.deepEqual(noted.at(0.5).points, 3); // the second stroke is begun
  noted.note(reply(drawings.undone(three), 7, 7), 900);
  assert.equal(noted.moments.length, 2);
});

test("another drawing, and nets in another state, begin anew", () => {
  const noted = history(all(7), all(7));
  noted.note(reply(line()[3], 1, 1), 2000);
  assert.equal(noted.moments.length, 1);
  const drawing = line()[4];
  noted.note(reply(drawing, 1, 1), 2100);
  const out = wholeUnits(8);
  noted.note(reply(drawing, 1, 1, { board: { units: out, lens: "maps" } }), 2200);
  assert.equal(noted.moments.length, 1); // whole is whole, and nothing was drawn
  out[1] = { ...WHOLE, is_out: true };
  const longer = drawings.extended(drawing, [[900, 900]], 3);
  noted.note(reply(longer, 2, 2, { board: { units: out, lens: "maps" } }), 2300);
  assert.deepEqual(
    noted.moments.map(({ said }) => said.plain.digit),
    [2],
  );
});

test("a long drawing takes no more room, and keeps every change of mind", () => {
  const noted = new History();
  let drawing = drawings.begun(drawings.empty(), [0, 0]);
  for (let i = 1; i < 3000; i++) {
    drawing = drawings.extended(drawing, [[5 * i, 0]], 3);
    noted.note(reply(drawing, i < 1000 ? null : 7, i === 1501 ? 1 : 2), i);
  }
  assert.ok(noted.moments.length <= 240);
  assert.equal(noted.moments.at(-1).points, 3000);
  assert.deepEqual(
    spansOf(noted.moments, "plain").map(({ digit }) => digit),
    [2, 1, 2],
  );
  assert.ok(Math.abs(spansOf(noted.moments, "residual")[1].from - 1 / 3) < 0.001);
});

test("a pause of the pen is short, and a sample or picture is no history", () => {
  const noted = new History();
  const [first, second] = line();
  noted.note(reply(first, 7, 7), 0);
  noted.note(reply(second, 7, 7), 60_000);
  assert.equal(noted.moments[1].time, 500);
  const { moments } = noted;
  noted.note(null, 0);
  noted.note({ ...reply(second, 7, 7), asked: { digit: 18 } }, 0);
  noted.note(reply({ ...line()[4], isLent: true }, 7, 7), 0);
  assert.deepEqual(noted.moments, moments);
});

for (const [residual, plain, words] of [
  [
    [...Array(4).fill(1), ...Array(7).fill(7)],
    [...Array(6).fill(1), ...Array(5).fill(7)],
    "The net with shortcuts settled on the 7 first, after 40 % of the line; the net without took it for a 1 until 60 %.",
  ],
  [
    [...Array(6).fill(null), ...Array(5).fill(8)],
    [...Array(3).fill(null), ...Array(8).fill(8)],
    "The net without settled on the 8 first, after 30 % of the line; the net with shortcuts saw no digit until 60 %.",
  ],
  [
    all(7),
    [null, 7, 1, ...Array(8).fill(7)],
    "The net with shortcuts settled on the 7 first, from its first answer on; the net without wavered until 30 %.",
  ],
  [
    [1, ...Array(10).fill(7)],
    [2, ...Array(10).fill(7)],
    "Both nets settled on the 7 at the same moment, after 10 % of the line.",
  ],
  [
    [1, ...Array(10).fill(8)],
    [...Array(9).fill(1), null, null],
    "The net with shortcuts settled on an 8 after 10 % of the line. The net without saw no digit in it.",
  ],
  [all(null), all(null), "Neither net saw a digit in it."],
]) {
  test(words, () => assert.equal(story(residual, plain), words));
}

test("a number is settled on as a digit is", () => {
  const noted = new History();
  for (const [i, drawing] of line().entries()) {
    const said = reply(drawing, i < 5 ? 1 : null, i < 5 ? 1 : null);
    for (const answer of Object.values(said.answers)) {
      if (i >= 5) Object.assign(answer, { number: "12", digits: [answer, answer] });
    }
    noted.note(said, 100 * i);
  }
  assert.equal(
    storyOf(noted.moments, NETS),
    "Both nets settled on the 12 at the same moment, after 50 % of the line.",
  );
  assert.equal(noted.moments.at(-1).said.plain.certainty.toFixed(2), "0.81");
});

test("a net alone has a story, too", () => {
  const { moments } = history([1, ...Array(10).fill(7)], all(7));
  assert.equal(
    storyOf(moments, NETS.slice(0, 1)),
    "The net with shortcuts settled on a 7 after 10 % of the line.",
  );
});
