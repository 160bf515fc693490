// @ts-check
// The address of the page holds its state: the drawing, what is done to the nets and what is looked
// at, in about 1500 characters.
//
//   d  strokes: link_strokes.js
//   j  the digit of a number that is looked into, from 1, where one was chosen
//   s  the digit of a sample; t  the index of a test digit of MNIST
//   o  units that are out, c  whose shortcut is cut, as digits: o=24
//   f  dials in steps of the slider, unit and steps: f=52-78 is 0.5 for unit 5 and 2 for unit 7
//   l  the lens
//   i  the ink lab, where it is open: its steps, 1 for on, and the pen: i=1011-52
//   n  the net whose answers are shown, where it is one
//   h  the layers of the deeper nets that are shown in full
//   p  the tab; g  the step of the tour; m  1 for presenter mode

import { t } from "./language.js";
import { LONGEST, packed, unpacked } from "./link_strokes.js";
import { page, WHOLE, wholeUnits } from "./page.js";

/**
 * @typedef {import("./drawing.js").Stroke} Stroke
 * @typedef {import("./page.js").State} State
 * @typedef {import("./page.js").Unit} Unit
 *
 * @typedef {object} Rules what can be on the page
 * @property {number} first the sample that is drawn on arrival
 * @property {number} digits at most, of a number
 * @property {number} units of each net
 * @property {{most: number, step: number}} dial
 * @property {string[]} lenses the first is looked through on arrival
 * @property {{steps: string[], thinnest: number, thickest: number}} lab
 * @property {number[]} depths of the deeper nets; the last are shown in full on arrival
 * @property {string[]} tabs their names; the first is open on arrival
 *
 * @typedef {Pick<State, "lab" | "choice" | "depth" | "tab" | "tour" | "isPresenting">} View
 *
 * @typedef {object} OnPad
 * @property {Stroke[] | null} strokes
 * @property {number | null} part the digit of a number that is looked into
 * @property {number | null} digit the index of a test digit
 * @property {number} sample drawn where there is neither
 * @property {import("./page.js").Board} board
 *
 * @typedef {OnPad & View} Link
 */

const UNREADABLE = t("This link could not be read; here is the page as it begins.");
/** @type {(keyof State)[]} */
const KEPT = ["drawing", "board", "lab", "choice", "depth", "tab", "tour", "isPresenting"];
const PAUSE = 400; // ms without a change until the address is written

// --- the state as a link -------------------------------------------------------------------------

/**
 * @param {Pick<State, "drawing" | "board"> & View} state
 * @param {Rules} rules
 */
export function linkOf(state, rules) {
  const link = new URLSearchParams();
  setDrawing(link, state, rules);
  setBoard(link, state, rules);
  setView(link, state, rules);
  return link.toString();
}

/**
 * @param {URLSearchParams} link
 * @param {Pick<State, "drawing">} state
 * @param {Rules} rules
 */
function setDrawing(link, { drawing }, { first }) {
  const { picture, sample, strokes, part } = drawing;
  if (picture) {
    if ("digit" in picture.asked) link.set("t", `${picture.asked.digit}`);
  } else if (sample !== null) {
    if (sample !== first) link.set("s", `${sample}`);
  } else {
    const text = packed(strokes);
    if (text === null) return;
    link.set("d", text);
    if (part !== null) link.set("j", `${part + 1}`);
  }
}

/**
 * @param {URLSearchParams} link
 * @param {Pick<State, "board">} state
 * @param {Rules} rules
 */
function setBoard(link, { board }, { dial, lenses }) {
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
}

/**
 * @param {URLSearchParams} link
 * @param {View} state
 * @param {Rules} rules
 */
function setView(link, { lab, choice, depth, tab, tour, isPresenting }, rules) {
  if (lab) {
    const bits = rules.lab.steps.map((step) => Number(lab.on.includes(step)));
    link.set("i", `${bits.join("")}-${lab.pen}`);
  }
  if (choice !== "both") link.set("n", choice);
  if (depth !== null && depth !== rules.depths.at(-1)) link.set("h", `${depth}`);
  if (tab !== rules.tabs[0]) link.set("p", tab);
  if (tour > 0) link.set("g", `${tour}`);
  if (isPresenting) link.set("m", "1");
}

/**
 * @param {Rules} rules
 * @returns {Map<string, RegExp>}
 */
function wellFormed({ digits, units, dial, lenses, lab, depths, tabs }) {
  const unit = `[1-${units}]`;
  const turned = `${unit}[0-${dial.most / dial.step}]`;
  return new Map([
    ["d", /^((-\w{2}|\w){2,}(\.(-\w{2}|\w){2,})*)?$/],
    ["j", new RegExp(`^[1-${digits}]$`)],
    ["s", /^\d$/],
    ["t", /^\d{1,4}$/],
    ["o", new RegExp(`^${unit}{1,${units}}$`)],
    ["c", new RegExp(`^${unit}{1,${units}}$`)],
    ["f", new RegExp(`^${turned}(-${turned}){0,${units - 1}}$`)],
    ["l", oneOf(lenses)],
    ["i", new RegExp(`^[01]{${lab.steps.length}}-[1-9]\\d{1,2}$`)],
    ["n", oneOf(["residual", "plain"])],
    ["h", oneOf(depths)],
    ["p", oneOf(tabs)],
    ["g", /^[1-9]$/],
    ["m", /^1$/],
  ]);
}

/** @param {(string | number)[]} words */
const oneOf = (words) => new RegExp(`^(${words.join("|")})$`);

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
  const lab = linkedLab(link.get("i"), rules);
  if (lab && (lab.pen < rules.lab.thinnest || lab.pen > rules.lab.thickest)) return null;
  const choice = /** @type {State["choice"]} */ (link.get("n") ?? "both");
  return {
    strokes,
    part: link.has("j") ? Number(link.get("j")) - 1 : null,
    digit: link.has("t") ? Number(link.get("t")) : null,
    sample: Number(link.get("s") ?? rules.first),
    board: { units: linkedUnits(link, rules), lens: link.get("l") ?? rules.lenses[0] },
    lab,
    choice,
    depth: link.has("h") ? Number(link.get("h")) : null,
    tab: link.get("p") ?? rules.tabs[0],
    tour: Number(link.get("g") ?? 0),
    isPresenting: link.has("m"),
  };
}

/**
 * What a page shows that was opened without a link.
 * @param {Rules} rules
 * @returns {Link}
 */
export function onArrival({ first, units, lenses, tabs }) {
  return {
    strokes: null,
    part: null,
    digit: null,
    sample: first,
    board: { units: wholeUnits(units), lens: lenses[0] },
    lab: null,
    choice: "both",
    depth: null,
    tab: tabs[0],
    tour: 0,
    isPresenting: false,
  };
}

/**
 * @param {string | undefined} text
 * @param {Rules} rules
 * @returns {import("./page.js").Lab | null}
 */
function linkedLab(text, { lab }) {
  if (text === undefined) return null;
  const [bits, pen] = text.split("-");
  return { on: lab.steps.filter((_, i) => bits[i] === "1"), pen: Number(pen) };
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
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const write = () => {
    clearTimeout(timer);
    timer = setTimeout(writeAddress, PAUSE, rules);
  };
  const read = (/** @type {string} */ address) => {
    const hash = new URL(address).hash.slice(1);
    const link = readLink(hash, rules);
    open(link ?? onArrival(rules));
    page.set({ notice: hash && !link ? UNREADABLE : "" });
  };
  page.subscribe(["isPenDown"], write);
  page.subscribe(KEPT, () => {
    page.set({ notice: "" }); // the page is not as it begins any more
    write();
  });
  read(location.href);
  // The event's own address: by now the timer may have put another one in its place.
  window.addEventListener("hashchange", (event) => read(event.newURL));
}

/**
 * The page as every visitor meets it. What it was is one step back in the browser's history.
 */
export function startOver() {
  const here = location.pathname + location.search;
  history.pushState(history.state, "", here);
  const newURL = new URL(here, location.href).href;
  window.dispatchEvent(new HashChangeEvent("hashchange", { newURL }));
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
