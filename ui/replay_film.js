// @ts-check
// The replay as an animated GIF, which every program shows: the drawing as it grows, and beside it
// what each net says.

import { gif } from "./gif.js";
import { t } from "./language.js";
import { paintOn } from "./pad_paint.js";
import { page } from "./page.js";
import { contextOf } from "./pictures.js";
import { lightColours, writer } from "./share_picture.js";

/**
 * @typedef {import("./replay_history.js").History} History
 * @typedef {import("./replay_history.js").Moment} Moment
 * @typedef {import("./replay_words.js").Net} Net
 */

const [WIDTH, HEIGHT, PAD] = [480, 300, 252];
const MOST = 50; // frames
const [LONGEST, LAST] = [5000, 2500]; // ms of the whole at most, and that the end stays
const STEPS = 51; // of each colour, from white

/**
 * @param {History} history
 * @param {Net[]} nets
 */
export async function film(history, nets) {
  const colours = lightColours();
  const palette = paletteOf([
    colours.ink,
    colours.residual,
    colours.plain,
    colours.muted,
    colours.line,
  ]);
  const numberOf = finder(palette);
  const moments = some(history.moments);
  const pace = Math.min(1, LONGEST / Math.max(1, ...moments.map(({ time }) => time)));
  const frames = [];
  for (const [i, moment] of moments.entries()) {
    const next = moments[i + 1];
    const { data } = paintFrame(history, moment, nets);
    const pixels = new Uint8Array(WIDTH * HEIGHT);
    for (let at = 0; at < pixels.length; at++) {
      pixels[at] = numberOf(data[4 * at], data[4 * at + 1], data[4 * at + 2]);
    }
    frames.push({ pixels, delay: next ? Math.max(30, pace * (next.time - moment.time)) : LAST });
    await new Promise((resolve) => setTimeout(resolve)); // the page goes on meanwhile
  }
  return gif({ width: WIDTH, height: HEIGHT, palette, frames });
}

/**
 * @param {Moment[]} moments
 */
function some(moments) {
  const step = Math.max(1, (moments.length - 1) / (MOST - 1));
  const count = Math.min(MOST, moments.length);
  return Array.from({ length: count }, (_, i) => moments[Math.round(i * step)]);
}

/**
 * @param {History} history
 * @param {Moment} moment
 * @param {Net[]} nets
 */
function paintFrame(history, moment, nets) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = contextOf(canvas);
  const colours = lightColours();
  const write = writer(context);
  paintOn(
    context,
    { strokes: history.drawnAt(moment), picture: null },
    {
      units: page.state.paper.sheet,
      pen: page.state.paper.pen,
      ink: colours.ink,
      side: PAD,
    },
  );
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#fff";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.globalCompositeOperation = "source-over";
  context.lineWidth = 1;
  context.strokeStyle = colours.line;
  context.strokeRect(0.5, 0.5, PAD, PAD);
  for (const [i, { variant, title }] of nets.entries()) {
    const [left, top] = [PAD + 24, 126 * i];
    const { digit, certainty } = moment.said[variant];
    const colour = colours[variant];
    write(title, left, top + 24, { size: 18, weight: 650, colour });
    const read = `${digit ?? "?"}`;
    const sure = digit === null ? t("not a digit") : `${(100 * certainty).toFixed(1)} %`;
    if (read.length > 1) {
      const size = Math.min(64, (WIDTH - left) / (0.65 * read.length));
      write(read, left, top + 82, { size, weight: 700, colour });
      write(sure, left, top + 110, { size: 20, colour: colours.ink });
    } else {
      write(read, left, top + 108, { size: 92, weight: 700, colour });
      write(sure, left + 76, top + 108, { size: 20, colour: colours.ink });
    }
  }
  context.fillStyle = colours.line;
  context.fillRect(0, PAD + 12, WIDTH, 6);
  context.fillStyle = colours.ink;
  context.fillRect(0, PAD + 12, WIDTH * moment.share, 6);
  write(t("With and without shortcuts"), 0, HEIGHT - 8, { size: 14, colour: colours.muted });
  return context.getImageData(0, 0, WIDTH, HEIGHT);
}

/**
 * From white to each colour: smooth edges on white need no others.
 * @param {string[]} colours #rrggbb
 * @returns {[number, number, number][]}
 */
function paletteOf(colours) {
  return colours.flatMap((colour) => {
    const full = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    return Array.from(
      { length: STEPS },
      (_, i) =>
        /** @type {[number, number, number]} */ (
          full.map((level) => Math.round(255 + (i / (STEPS - 1)) * (level - 255)))
        ),
    );
  });
}

/**
 * The nearest colour's number, remembered: there are few.
 * @param {[number, number, number][]} palette
 */
function finder(palette) {
  /** @type {Map<number, number>} */
  const known = new Map();
  return (/** @type {number} */ red, /** @type {number} */ green, /** @type {number} */ blue) => {
    const key = (red << 16) + (green << 8) + blue;
    const before = known.get(key);
    if (before !== undefined) return before;
    const far = palette.map(([r, g, b]) => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2);
    const nearest = far.indexOf(Math.min(...far));
    known.set(key, nearest);
    return nearest;
  };
}
