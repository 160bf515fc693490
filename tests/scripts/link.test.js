// A link is the page's state, and nothing else is one.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as drawings from "../../ui/drawing.js";
import { packed, thin, unpacked } from "../../ui/link_strokes.js";
import { WHOLE, wholeUnits } from "../../ui/page.js";
import { linkOf, onArrival, readLink } from "../../ui/page_link.js";

const RULES = {
  first: 7,
  digits: 8,
  units: 8,
  dial: { most: 2, step: 0.25 },
  lenses: ["maps", "edit", "left", "knew", "why", "near"],
  lab: { steps: ["crop", "box", "line", "centre"], thinnest: 20, thickest: 160 },
  depths: [18, 34, 66],
  tabs: ["draw", "race", "depth"],
};

/** The page as every visitor meets it, but for these parts of its state. */
const arrived = (parts) => ({ ...onArrival(RULES), ...parts });

/** A line that is drawn by a shaky hand, the same for the same seed. */
function scribble(seed, count) {
  let state = seed;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  let [x, y] = [500, 500];
  return Array.from({ length: count }, () => {
    x = Math.min(1000, Math.max(0, x + Math.round(60 * random() - 30)));
    y = Math.min(1000, Math.max(0, y + Math.round(60 * random() - 30)));
    return [x, y];
  });
}

const distance = ([x, y], [otherX, otherY]) => Math.hypot(x - otherX, y - otherY);

test("strokes come back within a grid unit, with their ends", () => {
  for (let seed = 1; seed < 30; seed++) {
    const strokes = [scribble(seed, 40), scribble(seed + 100, 1), scribble(seed + 200, 25)];
    const found = unpacked(packed(strokes));
    assert.equal(found.length, strokes.length);
    for (const [i, stroke] of strokes.entries()) {
      assert.ok(distance(found[i][0], stroke[0]) <= 4);
      assert.ok(distance(found[i].at(-1), stroke.at(-1)) <= 4);
      for (const point of found[i]) {
        assert.ok(Math.min(...stroke.map((at) => distance(at, point))) <= 4);
      }
    }
  }
});

test("far points come back, and points beyond what a link holds are moved in", () => {
  const far = [
    [
      [-4000, 9000],
      [9000, -4000],
      [9000, -4000],
    ],
  ];
  assert.deepEqual(unpacked(packed(far)), [
    [
      [-4000, 9000],
      [5500, -500],
    ],
  ]);
});

test("thinning keeps both ends and leaves out what is near", () => {
  const stroke = Array.from({ length: 101 }, (_, i) => [5 * i, 0]);
  const thinned = thin(stroke, 10);
  assert.deepEqual(
    thinned,
    Array.from({ length: 11 }, (_, i) => [10 * i, 0]),
  );
  assert.deepEqual(thin(stroke.slice(0, 96), 10).at(-1), [95, 0]);
  assert.deepEqual(
    thin(
      [
        [7, 7],
        [8, 8],
      ],
      1,
    ),
    [
      [1, 1],
      [2, 2],
    ],
  );
  assert.deepEqual(thin([[500, 500]], 10), [[100, 100]]);
});

test("many strokes get fewer points, and too many none", () => {
  const many = Array.from({ length: 12 }, (_, seed) => scribble(seed + 1, 200));
  const text = packed(many);
  assert.ok(text.length <= 1500);
  assert.equal(unpacked(text).length, 12);
  const tooMany = Array.from({ length: 700 }, () => [
    [0, 0],
    [900, 900],
  ]);
  assert.equal(packed(tooMany), null);
});

test("an empty pad is not the same as none", () => {
  const board = { units: wholeUnits(8), lens: "maps" };
  assert.equal(linkOf(arrived({ drawing: drawings.empty(), board }), RULES), "d=");
  assert.deepEqual(readLink("d=", RULES).strokes, []);
  assert.equal(readLink("o=2", RULES).strokes, null);
});

test("the digit of a number that was chosen comes back", () => {
  const board = { units: wholeUnits(8), lens: "maps" };
  const strokes = [[[100, 200]], [[500, 300]]];
  const part = (drawing) => readLink(linkOf(arrived({ drawing, board }), RULES), RULES).part;
  assert.equal(part(drawings.ofStrokes(strokes)), null);
  for (const chosen of [0, 1, 7]) {
    assert.equal(part({ ...drawings.ofStrokes(strokes), part: chosen }), chosen);
  }
});

test("every setting of the board comes back", () => {
  const units = wholeUnits(8);
  units[1] = { ...WHOLE, is_out: true };
  units[3] = { ...WHOLE, has_shortcut: false };
  for (let quarters = 0; quarters <= 8; quarters++) {
    units[4] = { ...WHOLE, dial: quarters / 4 };
    for (const lens of RULES.lenses) {
      const drawing = drawings.ofSample(4, [[[0, 0]]]);
      const board = { units, lens };
      const link = readLink(linkOf(arrived({ drawing, board }), RULES), RULES);
      assert.deepEqual(link, arrived({ sample: 4, board }));
    }
  }
});

test("a picture is in the link only where its index names it", () => {
  const board = null;
  const digit = drawings.ofPicture(drawings.ofTestDigit(18, 3, null));
  assert.equal(linkOf(arrived({ drawing: digit, board }), RULES), "t=18");
  assert.equal(readLink("t=18", RULES).digit, 18);
  const upload = drawings.ofPicture({ asked: { image: "AAAA" }, isInk: false, source: "" });
  assert.equal(linkOf(arrived({ drawing: upload, board }), RULES), "");
});

test("what a visitor meets on arrival needs no link", () => {
  const { sample, board } = onArrival(RULES);
  assert.equal(linkOf(arrived({ drawing: drawings.ofSample(sample, []) }), RULES), "");
  assert.ok(board.units.every((unit) => !unit.is_out && unit.has_shortcut && unit.dial === 1));
});

test("what is looked at comes back", () => {
  const drawing = drawings.ofSample(7, []);
  for (const view of [
    { lab: { on: ["crop", "line"], pen: 160 } },
    { lab: { on: [], pen: 20 }, choice: "plain" },
    { choice: "residual", depth: 34 },
    { tab: "depth", tour: 2, isPresenting: true },
  ]) {
    const link = readLink(linkOf(arrived({ drawing, ...view }), RULES), RULES);
    assert.deepEqual(link, arrived(view));
  }
  assert.equal(linkOf(arrived({ drawing, depth: 66 }), RULES), ""); // shown on arrival
});

test("a unit that is out has no cut shortcut and no dial", () => {
  assert.deepEqual(readLink("o=2&c=2&f=28", RULES).board.units[1], { ...WHOLE, is_out: true });
});

for (const hash of [
  "",
  "nonsense",
  "o=9",
  "o=2&x=1",
  "d=!",
  "d=abc",
  "d=..",
  "d=&j=0",
  "d=&j=9",
  "s=77",
  "f=5",
  "f=29",
  "l=x-ray",
  "l=abc",
  "d=-____-__",
  "o=2&o=3",
  "%E0%A4%A",
  "t=12345",
  "constructor=1",
  "__proto__=1",
  "toString=",
  "hasOwnProperty=o",
  "o=2&valueOf=1",
  "i=1111-19",
  "i=1111-164",
  "i=111-52",
  "n=both",
  "h=33",
  "p=elsewhere",
  "g=0",
  "m=2",
  `d=${"vv".repeat(2000)}`,
]) {
  test(`#${hash.slice(0, 30)} is no link`, () => assert.equal(readLink(hash, RULES), null));
}
