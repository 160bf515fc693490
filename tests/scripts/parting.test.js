// Where the nets part, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import { wholeUnits } from "../../ui/page.js";
import { partingInWords, partingOf } from "../../ui/parting.js";

const NETS = [
  { variant: "residual", title: "With shortcuts", stays: [] },
  { variant: "plain", title: "Without", stays: [3, 5, 7] },
];

/** The reply in which the drawing looks so, a digit a place. */
const reply = (residual, plain, lens = "near", out = []) => {
  const cells = (digits) => [...digits].map((digit) => ({ digit: Number(digit) }));
  return {
    asked: {
      board: { lens, units: wholeUnits(8).map((_, i) => ({ is_out: out.includes(i + 1) })) },
    },
    board: { residual: cells(residual), ...(plain && { plain: cells(plain) }) },
  };
};

const SAID = [
  ["444444444", "444444444", -1, "Up to unit 8 it looks like a 4 to both."],
  ["994444448", "994444448", -1, "It looks the same to both at every unit, at unit 8 like an 8."],
  [
    "444444444",
    "444499999",
    4,
    "Up to unit 3 it looks like a 4 to both, " +
      "from unit 4 on like a 4 with shortcuts and like a 9 without.",
  ],
  [
    "444444444",
    "499999999",
    1,
    "Up to the stem it looks like a 4 to both, " +
      "from unit 1 on like a 4 with shortcuts and like a 9 without.",
  ],
  [
    "444444444",
    "999999999",
    0,
    "From the stem on it looks like a 4 with shortcuts and like a 9 without.",
  ],
  [
    "944444444",
    "944444441",
    8,
    "Up to unit 7 it looks the same to both, " +
      "at unit 8 like a 4 with shortcuts and like a 1 without.",
  ],
  [
    "444444444",
    "449444444",
    2,
    "Up to unit 1 it looks like a 4 to both, " +
      "at unit 2 like a 4 with shortcuts and like a 9 without; at unit 8 like a 4 to both.",
  ],
  [
    "844444444",
    "784444441",
    0,
    "At the stem it looks like an 8 with shortcuts and like a 7 without; " +
      "at unit 8 like a 4 with shortcuts and like a 1 without.",
  ],
];

test("the first place where the nets differ, and how it goes on", () => {
  for (const [residual, plain, place, words] of SAID) {
    const said = reply(residual, plain);
    assert.equal(partingOf(said, NETS), place);
    assert.equal(partingInWords(said, NETS), words);
  }
});

test("a unit that is out shows nothing, and is passed over", () => {
  const said = (out) => reply("444444444", "449999999", "near", out);
  for (const [out, place, before] of [
    [[], 2, 1],
    [[2], 3, 1],
    [[1, 2], 3, "the stem"],
    [[2, 3], 4, 1], // only without shortcuts unit 3 stays
  ]) {
    assert.equal(partingOf(said(out), NETS), place);
    assert.equal(
      partingInWords(said(out), NETS),
      `Up to ${before === 1 ? "unit 1" : before} it looks like a 4 to both, ` +
        `from unit ${place} on like a 4 with shortcuts and like a 9 without.`,
    );
  }
});

test("nothing is said through another lens, without a reply, or of one net", () => {
  for (const said of [null, reply("444", "449", "knew"), reply("444"), { asked: {} }]) {
    assert.equal(partingOf(said, NETS), -1);
    assert.equal(partingInWords(said, NETS), "");
  }
  assert.equal(partingInWords(reply("444", "449"), NETS.slice(1)), "");
});
