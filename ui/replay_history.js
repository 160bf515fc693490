// @ts-check
// What both nets said while a drawing grew: the answers that came, each with how much was drawn then.

import { isWhole } from "./page.js";
import { certaintyOf, readOf } from "./words.js";

/**
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {import("./drawing.js").Stroke} Stroke
 * @typedef {{digit: import("./words.js").Read, certainty: number}} Said
 *
 * @typedef {object} Moment
 * @property {number} points that were drawn, in all strokes together
 * @property {number} time ms since the first; a pause of the pen counts for no more than PAUSE
 * @property {number} share of the whole line
 * @property {Record<Variant, Said>} said
 */

const MOST = 240; // moments that are kept
const PAUSE = 500; // ms

export class History {
  constructor() {
    /** @type {Moment[]} */
    this.moments = [];
    /** @type {Stroke[]} */
    this.strokes = [];
    /** @type {import("./page.js").Unit[]} those of the nets that answered; none for whole ones */
    this.units = [];
    this.nets = ""; // their state, as text
    this.heard = 0; // when the last answer came
  }

  /**
   * @param {Reply | null} reply
   * @param {number} now ms
   */
  note(reply, now) {
    const strokes = reply?.asked.strokes;
    if (!reply || !strokes?.length || reply.drawing.isLent) return;
    const { board, lab } = reply.asked;
    const units = board && !board.units.every(isWhole) ? board.units : [];
    const nets = JSON.stringify([units, lab]);
    const isSame = nets === this.nets;
    if (isSame && isStartOf(strokes, this.strokes))
      this.cut(countOf(strokes)); // by Undo
    else if (!isSame || !isStartOf(this.strokes, strokes)) this.moments = [];
    this.add(countOf(strokes), reply.answers, now);
    Object.assign(this, { strokes, units, nets, heard: now });
    this.measure();
    if (this.moments.length > MOST) this.thin();
  }

  /**
   * @param {number} points
   * @param {Reply["answers"]} answers
   * @param {number} now
   */
  add(points, answers, now) {
    const last = this.moments.at(-1);
    if (last?.points === points) return; // asked again, with another lens
    const time = last ? last.time + Math.min(PAUSE, now - this.heard) : 0;
    const said = /** @type {Moment["said"]} */ (
      Object.fromEntries(
        Object.entries(answers).map(([variant, answer]) => [
          variant,
          { digit: readOf(answer), certainty: certaintyOf(answer) },
        ]),
      )
    );
    this.moments.push({ points, time, share: 1, said });
  }

  /** @param {number} points */
  cut(points) {
    this.moments = this.moments.filter((moment) => moment.points <= points);
  }

  /** The share of the line that each moment had, pen up or down between the strokes. */
  measure() {
    const lengths = lengthsOf(this.strokes);
    const whole = lengths[lengths.length - 1] || 1;
    for (const moment of this.moments) moment.share = (lengths[moment.points - 1] ?? 0) / whole;
  }

  /** Half of the moments, but if they fit all in which a net changes its mind, and both ends. */
  thin() {
    const last = this.moments.length - 1;
    const isKept = (/** @type {number} */ i) => i % 2 === 0 || i === last;
    const kept = this.moments.filter(
      (moment, i) => isKept(i) || digitsOf(moment) !== digitsOf(this.moments[i - 1]),
    );
    this.moments = kept.length > MOST ? this.moments.filter((_, i) => isKept(i)) : kept;
  }

  /**
   * The strokes as far as they were drawn then.
   * @param {Moment} moment
   * @returns {Stroke[]}
   */
  drawnAt({ points }) {
    let left = points;
    return this.strokes.flatMap((stroke) => {
      const drawn = stroke.slice(0, Math.max(0, left));
      left -= stroke.length;
      return drawn.length > 0 ? [drawn] : [];
    });
  }

  /**
   * The last moment that had no more than this share of the line.
   * @param {number} share
   */
  at(share) {
    return this.moments.findLast((moment) => moment.share <= share + 1e-9) ?? this.moments[0];
  }
}

/** @param {Moment} moment */
const digitsOf = ({ said }) =>
  Object.values(said)
    .map(({ digit }) => digit)
    .join();

/** @param {Stroke[]} strokes */
const countOf = (strokes) => strokes.reduce((sum, { length }) => sum + length, 0);

/**
 * Whether a drawing only has to go on to become the other. A pen leaves its points as they are, so
 * the first of each stroke tells.
 * @param {Stroke[]} start
 * @param {Stroke[]} whole
 */
function isStartOf(start, whole) {
  const last = start.length - 1;
  return start.every((stroke, i) => {
    const other = whole[i];
    if (!other || stroke[0] !== other[0]) return false;
    return i === last ? stroke.length <= other.length : stroke.length === other.length;
  });
}

/**
 * Of the line up to each point.
 * @param {Stroke[]} strokes
 */
function lengthsOf(strokes) {
  let length = 0;
  return strokes.flatMap((stroke) =>
    stroke.map(([x, y], i) => {
      const [lastX, lastY] = stroke[Math.max(0, i - 1)];
      length += Math.hypot(x - lastX, y - lastY);
      return length;
    }),
  );
}
