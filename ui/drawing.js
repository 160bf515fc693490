// @ts-check
// A drawing, as it stands on the pad. Nothing here changes one: each function gives a new one.

import { t } from "./language.js";

/**
 * @typedef {[number, number]} Point x and y in units of the pad, y down
 * @typedef {Point[]} Stroke
 *
 * @typedef {object} Picture stands on the pad in the place of strokes
 * @property {HTMLCanvasElement} canvas
 * @property {{image: string} | {digit: number}} asked what the server is to read: the base64 of an
 *   image file, or the index of a test digit
 * @property {boolean} isInk true where the canvas holds ink alone, which takes the pad's colour
 * @property {string} source where it comes from, in words; "" for an upload, or while unknown
 *
 * @typedef {object} Drawing
 * @property {number} id a new one for everything that replaces what was there; the same while the
 *   pen goes on
 * @property {Stroke[]} strokes
 * @property {Picture | null} picture
 * @property {number | null} sample the digit, while it is a sample's
 * @property {boolean} isMine false where the first stroke of the pen starts anew
 * @property {boolean} isLent true for what is put back afterwards, and so is in no link
 * @property {number | null} part the digit of a number that is looked into; null for the one that the
 *   pen drew last
 * @property {Drawing | null} cleared what stood here before Clear
 */

let count = 0;

/**
 * @param {Partial<Drawing>} parts
 * @returns {Drawing}
 */
function drawing(parts) {
  count += 1;
  /** @type {Drawing} */
  const blank = {
    id: count,
    strokes: [],
    picture: null,
    sample: null,
    isMine: true,
    isLent: false,
    part: null,
    cleared: null,
  };
  return { ...blank, ...parts };
}

/** @param {Stroke[]} strokes */
export const ofStrokes = (strokes) => drawing({ strokes });

export const empty = () => ofStrokes([]);

/**
 * @param {number} sample
 * @param {Stroke[]} strokes
 */
export const ofSample = (sample, strokes) => drawing({ strokes, sample, isMine: false });

/** @param {Picture} picture */
export const ofPicture = (picture) => drawing({ picture, isMine: false });

/** @param {Stroke[]} strokes */
export const lent = (strokes) => drawing({ strokes, isMine: false, isLent: true });

/**
 * Of a test digit of MNIST, read as it is: cropped and centred anew, a mistake might vanish.
 * @param {number} digit its index
 * @param {number | null} label null while it is not known
 * @param {HTMLCanvasElement} canvas
 * @returns {Picture}
 */
export function ofTestDigit(digit, label, canvas) {
  const source =
    label === null ? "" : t("MNIST test digit {digit}, labelled {label}", { digit, label });
  return { canvas, asked: { digit }, isInk: true, source };
}

/** @param {Drawing} drawing */
export const isEmpty = ({ strokes, picture }) => !picture && strokes.length === 0;

/**
 * With one more stroke. On what is not the visitor's own it is the first one.
 * @param {Drawing} before
 * @param {Point} point
 */
export function begun(before, point) {
  return before.isMine
    ? { ...before, strokes: [...before.strokes, [point]], part: null }
    : ofStrokes([[point]]);
}

/**
 * With the last stroke going on to these points; those nearer than a gap to the one before are
 * left out.
 * @param {Drawing} before
 * @param {Point[]} points
 * @param {number} gap units
 * @returns {Drawing} the same one where all are left out
 */
export function extended(before, points, gap) {
  const stroke = before.strokes[before.strokes.length - 1];
  const longer = [...stroke];
  for (const [x, y] of points) {
    const [lastX, lastY] = longer[longer.length - 1];
    if (Math.hypot(x - lastX, y - lastY) >= gap) longer.push([x, y]);
  }
  if (longer.length === stroke.length) return before;
  return { ...before, strokes: [...before.strokes.slice(0, -1), longer] };
}

/**
 * An empty pad that can be undone.
 * @param {Drawing} before
 */
export const cleared = (before) =>
  drawing({ cleared: isEmpty(before) ? before.cleared : { ...before, cleared: null } });

/**
 * Without the last stroke or the picture; an empty pad is as it was before Clear.
 * @param {Drawing} before
 */
export function undone(before) {
  const { strokes, cleared } = before;
  if (!isEmpty(before)) return drawing({ strokes: strokes.slice(0, -1), cleared });
  return cleared ? { ...cleared, id: empty().id } : before;
}

/**
 * The same strokes, moved and scaled into the upper left.
 * @param {Stroke[]} strokes
 * @param {number} margin units from the edges
 * @param {number} size units of the longer side
 * @returns {Stroke[]}
 */
export function inCorner(strokes, margin, size) {
  const points = strokes.flat();
  const left = Math.min(...points.map(([x]) => x));
  const top = Math.min(...points.map(([, y]) => y));
  const extent = Math.max(1, ...points.map(([x, y]) => Math.max(x - left, y - top)));
  const move = (/** @type {number} */ way) => Math.round(margin + (way * size) / extent);
  return strokes.map((stroke) => stroke.map(([x, y]) => [move(x - left), move(y - top)]));
}
