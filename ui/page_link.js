// @ts-check
// The address of the page holds its state: the drawing, the units that are altered and the lens, in
// about 1500 characters.
//
//   d  strokes, a dot between two: the first point, then steps, in grid units
//   s  the digit of a sample; t  the index of a test digit of MNIST
//   o  units that are out, c  whose shortcut is cut, as digits: o=24
//   f  dials in steps of the slider, unit and steps: f=52-78 is 0.5 for unit 5 and 2 for unit 7
//   l  the lens

import { page, WHOLE, wholeUnits } from "./page.js";

/**
 * @typedef {import("./drawing.js").Stroke} Stroke
 * @typedef {import("./drawing.js").Point} Point
 * @typedef {import("./page.js").Unit} Unit
 *
 * @typedef {object} Rules what can be on the page
 * @property {number} first the sample that is drawn on arrival
 * @property {number} units of each net
 * @property {{most: number, step: number}} dial
 * @property {string[]} lenses the first is looked through on arrival
 *
 * @typedef {object} Link
 * @property {Stroke[] | null} strokes
 * @property {number | null} digit the index of a test digit
 * @property {number} sample drawn where there is neither
 * @property {import("./page.js").Board} board
 */

const GRID = 5; // units of the pad to one of the link
const FARTHEST = 10_000; // units: a pen may leave the pad, but not like that
const LONGEST = 1500; // characters of the strokes
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"; // 63, 31 is no step
const FAR = "-"; // before a number that one digit does not hold, which then has two
const REACH = 31; // grid units a step of one digit goes at most
const [LOWEST, HIGHEST] = [-1900, 1900]; // grid units: what two digits hold
const PAUSE = 400; // ms without a change until the address is written

// --- strokes as text -----------------------------------------------------------------------------

/** @param {number} value */
function number(value) {
  if (Math.abs(value) <= REACH) return DIGITS[value + REACH];
  const shifted = Math.min(HIGHEST, Math.max(LOWEST, value)) - LOWEST;
  return FAR + DIGITS[Math.floor(shifted / DIGITS.length)] + DIGITS[shifted % DIGITS.length];
}

/** @param {string} text */
function numbers(text) {
  const found = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== FAR) found.push(DIGITS.indexOf(text[i]) - REACH);
    else found.push(DIGITS.indexOf(text[++i]) * DIGITS.length + DIGITS.indexOf(text[++i]) + LOWEST);
  }
  return found;
}

/**
 * The stroke on a coarser grid, without the points that come within a gap of the last one.
 * @param {Stroke} stroke
 * @param {number} gap grid units
 */
export function thin(stroke, gap) {
  const points = stroke.map((point) => point.map((at) => Math.round(at / GRID)));
  const kept = [points[0]];
  for (const [i, [x, y]] of points.entries()) {
    const [lastX, lastY] = kept[kept.length - 1];
    const way = Math.hypot(x - lastX, y - lastY);
    if (way >= gap || (i === points.length - 1 && way > 0)) kept.push([x, y]);
  }
  return kept;
}

/**
 * @param {Stroke} stroke
 * @param {number} gap
 */
function packedStroke(stroke, gap) {
  let [lastX, lastY] = [0, 0];
  let text = "";
  for (const [x, y] of thin(stroke, gap)) {
    text += number(x - lastX) + number(y - lastY);
    [lastX, lastY] = [x, y];
  }
  return text;
}

/**
 * With as many points as fit; null for more strokes than a link holds.
 * @param {Stroke[]} strokes
 */
export function packed(strokes) {
  for (let gap = 1; gap < 64; gap *= 1.5) {
    const text = strokes.map((stroke) => packedStroke(stroke, gap)).join(".");
    if (text.length <= LONGEST) return text;
  }
  return null;
}

/**
 * @param {string} text
 * @returns {Stroke[] | null} null where it holds none
 */
export function unpacked(text) {
  if (text === "") return [];
  const strokes = [];
  for (const line of text.split(".")) {
    const steps = numbers(line);
    if (steps.length % 2) return null;
    /** @type {Stroke} */
    const stroke = [];
    let [x, y] = [0, 0];
    for (let i = 0; i < steps.length; i += 2) {
      [x, y] = [x + steps[i], y + steps[i + 1]];
      stroke.push([x * GRID, y * GRID]);
    }
    strokes.push(stroke);
  }
  return strokes.flat(2).some((at) => Math.abs(at) > FARTHEST) ? null : strokes;
}

// --- the state as a link -------------------------------------------------------------------------

/**
 * @param {Pick<import("./page.js").State, "drawing" | "board">} state
 * @param {Rules} rules
 */
export function linkOf({ drawing, board }, { first, dial, lenses }) {
  const link = new URLSearchParams();
  const { picture, sample, strokes } = drawing;
  if (picture) {
    if ("digit" in picture.asked) link.set("t", `${picture.asked.digit}`);
  } else if (sample !== null) {
    if (sample !== first) link.set("s", `${sample}`);
  } else {
    const text = packed(strokes);
    if (text !== null) link.set("d", text);
  }
  const units = board?.units ?? [];
  const out = units.flatMap((unit, i) => (unit.is_out ? [i + 1] : []));
  const cut = units.flatMap((unit, i) => (unit.has_shortcut ? [] : [i + 1]));
  const turned = units.flatMap((unit, i) =>
    unit.dial === 1 ? [] : [`${i + 1}${unit.dial / dial.step}`],
  );
  if (out.length > 0) link.set("o", out.join(""));
  if (cut.length > 0) link.set("c", cut.join(""));
  if (turned.length > 0) link.set("f", turned.join("-"));
  if (board && board.lens !== lenses[0]) link.set("l", board.lens);
  return link.toString();
}

/**
 * @param {Rules} rules
 * @returns {Map<string, RegExp>}
 */
function wellFormed({ units, dial, lenses }) {
  const unit = `[1-${units}]`;
  const turned = `${unit}[0-${dial.most / dial.step}]`;
  return new Map([
    ["d", /^((-\w{2}|\w){2,}(\.(-\w{2}|\w){2,})*)?$/],
    ["s", /^\d$/],
    ["t", /^\d{1,4}$/],
    ["o", new RegExp(`^${unit}{1,${units}}$`)],
    ["c", new RegExp(`^${unit}{1,${units}}$`)],
    ["f", new RegExp(`^${turned}(-${turned}){0,${units - 1}}$`)],
    ["l", new RegExp(`^(${lenses.join("|")})$`)],
  ]);
}

/**
 * What a link holds, or null where it is none of ours.
 * @param {string} hash without its #
 * @param {Rules} rules
 * @returns {Link | null}
 */
export function readLink(hash, rules) {
  if (!hash || hash.length > 2 * LONGEST) return null;
  const parts = [...new URLSearchParams(hash)];
  const link = new Map(parts);
  const forms = wellFormed(rules);
  const isSound = parts.every(([key, value]) => forms.get(key)?.test(value));
  if (!isSound || link.size !== parts.length) return null;
  const d = link.get("d");
  const strokes = d === undefined ? null : unpacked(d);
  if (d !== undefined && !strokes) return null;
  return {
    strokes,
    digit: link.has("t") ? Number(link.get("t")) : null,
    sample: Number(link.get("s") ?? rules.first),
    board: { units: linkedUnits(link, rules), lens: link.get("l") ?? rules.lenses[0] },
  };
}

/**
 * What a page shows that was opened without a link.
 * @param {Rules} rules
 * @returns {Link}
 */
export function onArrival({ first, units, lenses }) {
  const board = { units: wholeUnits(units), lens: lenses[0] };
  return { strokes: null, digit: null, sample: first, board };
}

/**
 * @param {Map<string, string>} link
 * @param {Rules} rules
 * @returns {Unit[]}
 */
function linkedUnits(link, { units, dial }) {
  const has = (/** @type {string} */ key, /** @type {number} */ number) =>
    Boolean(link.get(key)?.includes(`${number}`));
  const turned = link.get("f")?.split("-") ?? [];
  const dials = new Map(turned.map(([unit, steps]) => [Number(unit), dial.step * Number(steps)]));
  return Array.from({ length: units }, (_, i) => {
    // A unit that is out is nothing but its shortcut: there is nothing left to cut or to turn.
    if (has("o", i + 1)) return { ...WHOLE, is_out: true };
    return { ...WHOLE, has_shortcut: !has("c", i + 1), dial: dials.get(i + 1) ?? WHOLE.dial };
  });
}

// --- the address ---------------------------------------------------------------------------------

/**
 * Opens the page as its address says, or else as every visitor meets it, now and whenever a visitor
 * changes the address; and keeps the address at what the page shows.
 * @param {Rules} rules
 * @param {(link: Link) => void} open
 */
export function mirror(rules, open) {
  const read = (/** @type {string} */ address) =>
    open(readLink(new URL(address).hash.slice(1), rules) ?? onArrival(rules));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  read(location.href);
  // The event's own address: by now the timer may have put another one in its place.
  window.addEventListener("hashchange", (event) => read(event.newURL));
  page.subscribe(["drawing", "isPenDown", "board"], () => {
    clearTimeout(timer);
    timer = setTimeout(writeAddress, PAUSE, rules);
  });
}

/**
 * Not while the pen is down, nor with what is put back afterwards.
 * @param {Rules} rules
 */
export function writeAddress(rules) {
  const { drawing, isPenDown } = page.state;
  if (isPenDown || drawing.isLent) return;
  const hash = linkOf(page.state, rules);
  if (hash === location.hash.slice(1)) return;
  const address = location.pathname + location.search + (hash && `#${hash}`);
  history.replaceState(history.state, "", address);
}

/**
 * Whether the text is in the clipboard now.
 * @param {string} text
 */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not allowed, or the page came over plain http: the old way needs something selected.
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}
