// @ts-check
// Strokes -> the picture that the nets see. This is resnet/ink.py once more, in the order of its
// functions: there it is explained, and there it is tried; here it must give the same pictures
// within 1/255 (python -m bench.parity). A picture is (side * side) floats, 0 for paper, 1 for ink.

/**
 * @typedef {[number, number]} Point x and y
 * @typedef {Point[]} Line
 *
 * @typedef {object} InkRules the numbers of resnet/ink.py, as they come with the nets
 * @property {number} side
 * @property {number} box
 * @property {number} mnistBox
 * @property {number} line
 * @property {number} centre
 * @property {number} room
 * @property {number} mean
 * @property {number} std
 * @property {number} maxPoints
 * @property {number} maxPixels
 * @property {number} coarse
 * @property {number} minContrast
 */

/** A drawing that cannot be read; the message is one sentence for the person who drew it. */
export class InkError extends Error {}

/**
 * @param {Float32Array} picture
 * @param {InkRules} rules
 */
export const normalised = (picture, { mean, std }) => picture.map((ink) => (ink - mean) / std);

/**
 * @param {any} strokes
 * @param {InkRules} rules
 */
export function fromStrokes(strokes, rules) {
  const lines = checked(strokes, rules);
  if (lines.length === 0) return blank(rules);
  const { middle, extent } = span(lines);
  const scale = scaleTo(rules.box, extent, rules.line);
  return drawn(mapped(lines, middle, scale, rules), rules.line, true, rules);
}

/** @param {InkRules} rules */
export const blank = ({ side }) => new Float32Array(side * side);

/**
 * The middle of all points and the larger side of the box around them.
 * @param {Line[]} lines
 * @returns {{middle: Point, extent: number}}
 */
export function span(lines) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const point of lines.flat()) {
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], point[axis]);
      high[axis] = Math.max(high[axis], point[axis]);
    }
  }
  return {
    middle: [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2],
    extent: Math.max(high[0] - low[0], high[1] - low[1]),
  };
}

/**
 * Pixels a unit that bring points of this extent to a side, the lines' width included.
 * @param {number} side
 * @param {number} extent
 * @param {number} width
 */
export const scaleTo = (side, extent, width) => (extent > 1e-100 ? (side - width) / extent : 1);

/**
 * The lines in pixels, this middle of theirs in the middle of the picture.
 * @param {Line[]} lines
 * @param {Point} middle
 * @param {number} scale
 * @param {InkRules} rules
 */
export function mapped(lines, [x, y], scale, { side }) {
  return lines.map((line) =>
    thinned(
      line.map((point) => [(point[0] - x) * scale + side / 2, (point[1] - y) * scale + side / 2]),
    ),
  );
}

/**
 * The picture of lines in pixels, centred or left where they are.
 * @param {Line[]} lines
 * @param {number} width
 * @param {boolean} isCentred
 * @param {InkRules} rules
 */
export function drawn(lines, width, isCentred, rules) {
  const picture = draw(lines, width, rules);
  if (!isCentred || picture.every((ink) => ink === 0)) return picture;
  const [x, y] = shiftToCentre(centreOfMass(picture, rules.side), rules);
  const shifted = lines.map((line) => line.map((point) => moved(point, x, y)));
  return draw(shifted, width, rules);
}

/**
 * @param {Point} point
 * @param {number} x
 * @param {number} y
 * @returns {Point}
 */
const moved = (point, x, y) => [point[0] + x, point[1] + y];

/**
 * How far a picture moves for its centre of mass, as far as it may.
 * @param {Point} mass
 * @param {InkRules} rules
 * @returns {Point}
 */
export function shiftToCentre([x, y], { centre, room }) {
  const within = (/** @type {number} */ way) => Math.min(Math.max(way, -room), room);
  return [within(centre - x), within(centre - y)];
}

/**
 * The strokes, the empty ones left out.
 * @param {any} strokes
 * @param {InkRules} rules
 * @returns {Line[]}
 */
export function checked(strokes, { maxPoints }) {
  if (!Array.isArray(strokes)) {
    throw new InkError("The strokes are not a list of lists of points.");
  }
  const count = strokes.reduce((sum, stroke) => sum + Math.max(stroke?.length ?? 1, 1), 0);
  if (count > maxPoints) {
    throw new InkError(`The drawing has more than ${maxPoints.toLocaleString("en")} points.`);
  }
  const lines = strokes.filter((stroke) => stroke?.length !== 0);
  for (const point of lines.flat()) {
    const isPair = Array.isArray(point) && point.length === 2;
    if (!isPair || point.some((at) => typeof at !== "number")) {
      throw new InkError("A stroke has points that are not pairs [x, y] of numbers.");
    }
    // Written so that it is false for a NaN.
    if (!point.every((at) => Math.abs(at) < 1e100)) {
      throw new InkError("A stroke has a coordinate that is not a finite number of sensible size.");
    }
  }
  return lines;
}

/**
 * The line without the points that lie closer than a gap to the last one kept.
 * @param {Line} line
 */
function thinned(line, gap = 0.5) {
  let last = line[0];
  const inner = line.slice(1, -1).filter((point) => {
    const isFar = Math.max(Math.abs(point[0] - last[0]), Math.abs(point[1] - last[1])) >= gap;
    if (isFar) last = point;
    return isFar;
  });
  return [line[0], ...inner, line[line.length - 1]];
}

/**
 * Round-ended lines of a width in pixels: ink is the share of a pixel that they cover, taken from
 * its middle's distance to the nearest segment.
 * @param {Line[]} lines
 * @param {number} width
 * @param {InkRules} rules
 */
function draw(lines, width, { side }) {
  const reach = 0.5 + width / 2; // farther from a segment there is no ink
  const nearest = new Float64Array(side * side).fill(reach * reach); // squared distances
  const first = (/** @type {number} */ at) => Math.max(0, Math.floor(at - reach));
  const past = (/** @type {number} */ at) => Math.min(side, Math.ceil(at + reach));
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) {
      const [[x0, y0], [x1, y1]] = [line[i - 1], line[i]];
      const [dx, dy] = [x1 - x0, y1 - y0];
      const length = Math.max(dx * dx + dy * dy, 1e-12);
      for (let y = first(Math.min(y0, y1)); y < past(Math.max(y0, y1)); y++) {
        for (let x = first(Math.min(x0, x1)); x < past(Math.max(x0, x1)); x++) {
          const [px, py] = [x + 0.5 - x0, y + 0.5 - y0];
          const t = Math.min(Math.max((px * dx + py * dy) / length, 0), 1); // along the segment
          const distance = (px - t * dx) ** 2 + (py - t * dy) ** 2;
          const at = y * side + x;
          if (distance < nearest[at]) nearest[at] = distance;
        }
      }
    }
  }
  return Float32Array.from(nearest, (squared) => Math.min(reach - Math.sqrt(squared), 1));
}

/**
 * In pixels, where the middle of the first pixel is (0.5, 0.5).
 * @param {Float32Array} ink row by row
 * @param {number} width of a row
 * @returns {Point}
 */
export function centreOfMass(ink, width) {
  let [mass, x, y] = [0, 0, 0];
  ink.forEach((value, at) => {
    mass += value;
    x += value * ((at % width) + 0.5);
    y += value * (Math.floor(at / width) + 0.5);
  });
  return [x / mass, y / mass];
}

/**
 * A picture or a part of one, from 0 to 1, as the base64 of a byte a pixel.
 * @param {ArrayLike<number>} values
 */
export function greyLevels(values) {
  const levels = new Uint8ClampedArray(values.length);
  for (let at = 0; at < values.length; at++) levels[at] = 255 * values[at];
  return btoa(String.fromCharCode(...levels));
}
