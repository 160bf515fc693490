// What the page says of answers, of altered nets and of what was measured.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { wholeUnits } from "../../ui/page.js";
import * as words from "../../ui/words.js";

const UI = new URL("../../ui/", import.meta.url);
const RESIDUAL = { stays: [], hasShortcuts: true };
const PLAIN = { stays: [3, 5, 7], hasShortcuts: false };

/** Units that are altered as a test says: {2: {is_out: true}}. */
const altered = (how) => wholeUnits(8).map((unit, i) => ({ ...unit, ...how[i + 1] }));

const digit = (digit, sure) => ({ digit, probabilities: [1 - sure, sure] });
const number = { ...digit(null, 0.6), number: "18", digits: [digit(1, 0.9), digit(8, 0.8)] };

test("a number is read as it is written, as surely as all its digits", () => {
  assert.deepEqual([digit(8, 0.8), number, digit(null, 0.6)].map(words.readOf), [8, "18", null]);
  assert.equal(words.aDigit("18"), "18");
  assert.equal(words.certaintyOf(digit(8, 0.8)), 0.8);
  assert.equal(words.certaintyOf(number).toFixed(3), "0.720");
  assert.equal(words.certaintyOf({ digit: null, probabilities: null }), 0);
  assert.equal(words.reading(number, number), "still 18");
  assert.equal(words.reading(digit(8, 0.8), number), "now an 8 (was 18)");
});

test("one digit of a number is looked into, by a net that reads no number the whole", () => {
  const reply = { answers: { residual: number, plain: digit(null, 0.6) }, part: 1 };
  assert.equal(words.answerTo(reply, "residual"), number.digits[1]);
  assert.equal(words.answerTo(reply, "plain"), reply.answers.plain);
  assert.equal(words.answerTo({ answers: { plain: digit(3, 0.9) } }, "plain").digit, 3);
});

test("a digit has its article, and none is no digit", () => {
  const said = [0, 1, 7, 8, 9, null].map(words.aDigit);
  assert.deepEqual(said, ["a 0", "a 1", "a 7", "an 8", "a 9", "no digit"]);
});

test("the article is written once", () => {
  const scripts = readdirSync(UI).filter((name) => name.endsWith(".js"));
  const withArticle = scripts.filter((name) =>
    readFileSync(new URL(name, UI), "utf8").includes('"an '),
  );
  assert.deepEqual(withArticle, ["words.js"]);
});

test("a plain unit that changes the shape stays, and there is no shortcut to cut", () => {
  const units = altered({ 2: { is_out: true }, 3: { is_out: true }, 4: { has_shortcut: false } });
  assert.deepEqual(words.effect(units, RESIDUAL), { out: [2, 3], kept: [], cut: [4], turned: [] });
  assert.deepEqual(words.effect(units, PLAIN), { out: [2], kept: [3], cut: [], turned: [] });
  assert.equal(
    words.aside(words.effect(units, PLAIN), words.effect(units)),
    " (unit 3 changes the size, so it can’t be removed; there is no shortcut to cut)",
  );
  assert.equal(words.aside(words.effect(units, RESIDUAL), words.effect(units)), "");
});

test("what was done is told in full and in brief", () => {
  const told = (how) => words.told(words.effect(altered(how)));
  const brief = (how) => words.brief(words.effect(altered(how)));
  assert.equal(told({}), "");
  assert.equal(told({ 2: { is_out: true } }), "Unit 2 is out");
  const many = { 1: { is_out: true }, 2: { is_out: true }, 4: { is_out: true }, 5: { dial: 0.5 } };
  assert.equal(told(many), "Units 1, 2 and 4 are out, the f of unit 5 is × 0.5");
  assert.equal(told({ 3: { has_shortcut: false } }), "Shortcut 3 is cut");
  assert.equal(brief(many), "4 parts altered");
  assert.equal(brief({ 5: { dial: 1.25 } }), "Unit 5: f × 1.25");
  assert.equal(brief({ 3: { has_shortcut: false } }), "Shortcut 3 is cut");
  assert.equal(brief({}), "");
});

test("the state of the nets is said, whole or not", () => {
  assert.equal(words.stateOf(wholeUnits(8), 2), "Both nets are whole.");
  assert.equal(words.stateOf([], 1), "The net is whole.");
  assert.equal(words.stateOf(altered({ 2: { is_out: true } }), 2), "Unit 2 is out.");
});

const TABLE = {
  total: 10_000,
  whole: 9950,
  out: { 2: 9100, "2,4": 8200 },
  cut: { 2: 4000 },
  dial: { 5: { 1.25: 9900 } },
};
const MEASURED = { shipped: TABLE, seeds: [], epochs: null };
const figures = (how, measured = MEASURED) =>
  words.measured({ measured }, words.effect(altered(how)));

test("a figure stands beside the case it was measured in", () => {
  assert.equal(figures({}).text, "99.50 % of 10,000 test digits");
  const whole = " of 10,000 test digits (99.50 % when whole)";
  assert.equal(figures({ 2: { is_out: true } }).text, `91.00 %${whole}`);
  assert.equal(figures({ 2: { is_out: true }, 4: { is_out: true } }).text, `82.00 %${whole}`);
  assert.equal(figures({ 2: { has_shortcut: false } }).text, `40.00 %${whole}`);
  assert.equal(figures({ 5: { dial: 1.25 } }).text, `99.00 %${whole}`);
});

test("what was not measured is not made up", () => {
  const none = "not measured in this combination";
  assert.equal(figures({ 6: { is_out: true } }).text, none);
  assert.equal(figures({ 2: { is_out: true }, 4: { has_shortcut: false } }).text, none);
  assert.equal(figures({ 2: { has_shortcut: false }, 4: { has_shortcut: false } }).text, none);
  assert.equal(figures({ 5: { dial: 1.25 }, 6: { dial: 1.25 } }).text, none);
  assert.equal(figures({}, null).text, "no measured figures for these weights");
});

test("other seeds are a range, from two on", () => {
  const seed = (right) => ({ total: 1000, whole: 990, out: { 2: right } });
  const out = { 2: { is_out: true } };
  const three = { ...MEASURED, seeds: [seed(905), seed(931), seed(918)], epochs: 1 };
  assert.equal(figures(out, three).seeds, "3 other trainings, 1 epoch each: 90.50 to 93.10 %");
  assert.equal(
    figures(out, { ...three, epochs: 2 }).seeds.slice(0, 32),
    "3 other trainings, 2 epochs each",
  );
  assert.equal(figures(out, { ...three, seeds: [seed(905)] }).seeds, "");
  assert.equal(figures({ 2: { has_shortcut: false } }, three).seeds, "");
});

test("an answer is told beside what the whole net said", () => {
  assert.equal(words.reading({ digit: 8 }, undefined), "an 8");
  assert.equal(words.reading({ digit: 8 }, { digit: 8 }), "still an 8");
  assert.equal(words.reading({ digit: 1 }, { digit: 4 }), "now a 1 (was a 4)");
  assert.equal(words.reading({ digit: null }, { digit: 4 }), "now no digit (was a 4)");
});

test("why the nets part is said of one unit alone, and only where they do", () => {
  const [out, cut, both] = [
    altered({ 2: { is_out: true } }),
    altered({ 2: { has_shortcut: false } }),
    altered({ 2: { is_out: true }, 4: { is_out: true } }),
  ].map((units) => words.effect(units));
  const [parted, alike] = [
    { residual: false, plain: true },
    { residual: false, plain: false },
  ];
  assert.match(words.why(out, parted), /^The shortcut carries the maps round the gap/);
  assert.match(words.why(cut, { residual: true, plain: false }), /^Trained with its shortcut/);
  for (const [done, isChanged] of [
    [out, alike],
    [out, { residual: true, plain: true }],
    [cut, parted],
    [both, parted],
    [words.effect(altered({})), alike],
  ]) {
    assert.equal(words.why(done, isChanged), "");
  }
});
