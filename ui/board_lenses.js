// @ts-check
// A lens: what it is about, how a cell shows what the server says of a unit, and that in words. What
// is known of a unit is data of the server's, another for each lens: lenses.py. A part of it is null
// where nothing is known.

import { find, findText, make, setText } from "./dom.js";
import { listed, t } from "./language.js";
import { bytes, contextOf, paintGrey, paintTiles } from "./pictures.js";
import { aDigit, inPercent } from "./words.js";

/**
 * @typedef {object} View what a cell is shown with
 * @property {HTMLElement} note below it
 * @property {string} drawing base64 of what the nets saw
 * @property {number} side of that, in pixels
 * @property {number} tiled pixels to a side of a cell's maps
 * @property {number | null} answer of the net
 * @property {Record<string, string>} digits base64 of those that cells name
 * @property {boolean} isParting whether the nets first differ here
 * @property {() => {accent: string, ink: string}} colours of the net, and of ink
 *
 * @typedef {object} Lens
 * @property {string} about
 * @property {(cell: HTMLElement, data: any, view: View) => void} show
 * @property {(data: any, tile: number) => string} words
 * @property {(data: any) => number} [tiles] how many maps can be pointed at
 */

const rounded = (/** @type {number | null} */ value) => value?.toFixed(2) ?? "–";
const canvasOf = (/** @type {HTMLElement} */ cell) => find(cell, "canvas", HTMLCanvasElement);

/**
 * Maps of one pixel, each against its own highest, would all be white: they are shown against the
 * highest of all.
 * @param {number[]} values
 */
function beside(values) {
  const highest = Math.max(...values);
  return values.map((value) => (highest > 0 ? Math.round((255 * value) / highest) : 0));
}

/**
 * Levels as the opacity of a colour, laid over what the canvas shows.
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} levels
 * @param {string} colour
 * @param {number} most opacity
 */
function lay(canvas, levels, colour, most) {
  const side = canvas.width;
  const mask = new OffscreenCanvas(side, side);
  const context = mask.getContext("2d");
  if (!context) return;
  const alpha = new ImageData(side, side);
  for (const [i, level] of levels.entries()) alpha.data[4 * i + 3] = most * level;
  context.putImageData(alpha, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, side, side);
  contextOf(canvas).drawImage(mask, 0, 0);
}

/**
 * @param {HTMLElement} cell
 * @param {...Node} lines
 */
const write = (cell, ...lines) => findText(cell, ".figures").replaceChildren(...lines);

const small = (/** @type {string} */ textContent) => make("small", { textContent });

/** @type {Lens} */
const maps = {
  about: t(
    "Each picture is made of a unit’s strongest maps, black where nothing answers. Look how " +
      "strokes turn into patches, and patches into single numbers.",
  ),
  show(cell, { size, high, picture }, { note, tiled }) {
    paintGrey(canvasOf(cell), size > 1 ? bytes(picture) : beside(high));
    const tile = size > 1 ? `${(100 * size) / tiled}%` : "0";
    // Set once more, it would cost the style of all that is in the cell.
    if (cell.style.getPropertyValue("--tile") !== tile) cell.style.setProperty("--tile", tile);
    cell.classList.toggle("tiled", size > 1);
    setText(note, `${size} × ${size}`);
  },
  words: ({ channels, low, high }, tile) =>
    t("channel {channel}, from {low} to {high}", {
      channel: channels[tile],
      low: rounded(low[tile]),
      high: rounded(high[tile]),
    }),
  tiles: ({ channels }) => channels.length,
};

/** @type {Lens} */
const edit = {
  about: t(
    "Does a unit touch up what it gets, or replace it? Number: 1 where in and out point the same " +
      "way (cosine), 0 where they have nothing in common. Bar and ×: the size of the change beside its " +
      "input.",
  ),
  show(cell, { ratio, cosine }, { note }) {
    if (ratio === null && cosine === null) {
      write(cell, small(cell.dataset.cell === "0" ? t("nothing before it") : t("new shape")));
      return;
    }
    const lines =
      cosine === null
        ? [small(t("new shape"))]
        : [make("b", { textContent: rounded(cosine) }), small(t("cosine"))];
    const bar = make("i");
    bar.style.width = `${Math.min(100, 50 * (ratio ?? 0))}%`;
    write(cell, ...lines, make("span", { className: "bar" }, bar));
    setText(note, ratio === null ? "" : `× ${rounded(ratio)}`);
  },
  words: ({ ratio, cosine }) =>
    ratio === null && cosine === null
      ? t("in and out have other shapes: nothing to compare")
      : t("the change is {ratio} times what the shortcut would carry, cosine {cosine}", {
          ratio: rounded(ratio),
          cosine: rounded(cosine),
        }),
};

/** @type {Lens} */
const left = {
  about: t(
    "The drawing, recovered from each unit’s maps alone. Look where it blurs. Below: how much of " +
      "the test digits can still be recovered there in the whole net, 1 everything, 0 nothing (R²).",
  ),
  show(cell, { picture, r2 }, { note }) {
    paintGrey(canvasOf(cell), bytes(picture));
    setText(note, `R² ${rounded(r2)}`);
  },
  words: ({ r2 }) =>
    t("{r2} of the test digits can be recovered here (R², whole net)", { r2: rounded(r2) }),
};

/** @type {Lens} */
const knew = {
  about: t(
    "A digit is what a simple reader, trained on each unit’s maps, would answer there. Look " +
      "where it first is the net’s own answer (in its colour). Below: right on the test digits, " +
      "in the whole net.",
  ),
  show(cell, { digit, accuracy: [right, total] }, { note, answer }) {
    const className = digit === answer ? "knew" : "other";
    write(cell, make("b", { textContent: digit, className }));
    setText(note, `${inPercent(right / total)} %`);
  },
  words: ({ digit, accuracy: [right, total] }) =>
    t("reads a {digit} here, and {share} % of the test digits right in the whole net", {
      digit,
      share: inPercent(right / total),
    }),
};

const NO_PLACE = t("one pixel: no place left");

/** @type {Lens} */
const why = {
  about: t(
    "Colour lies where a unit’s maps speak for the answer (Grad-CAM); at the stem, pixels that " +
      "would change it most. Look whether it lies on the stroke that makes the digit.",
  ),
  show(cell, { picture, gradient, size }, { note, drawing, side, colours }) {
    const heat = gradient ?? picture;
    setText(note, gradient ? t("pixels") : `${size} × ${size}`);
    if (heat === null) {
      write(cell, small(NO_PLACE));
      return;
    }
    const canvas = canvasOf(cell);
    canvas.width = canvas.height = side;
    const { accent, ink } = colours();
    lay(canvas, bytes(drawing), ink, 0.55);
    lay(canvas, bytes(heat), accent, 0.85);
  },
  words: ({ picture, gradient, size }) => {
    if (gradient) return t("the pixels that would change the answer most");
    return picture === null ? NO_PLACE : t("where its {size} × {size} maps speak for it", { size });
  },
};

const theNearest = (/** @type {{labels: number[]}} */ { labels }) =>
  t("the nearest are {digits}", { digits: listed(labels.map(aDigit)) });

/** @type {Lens} */
const near = {
  about: t(
    "For each unit the three training digits most like yours, and what most of them are (in " +
      "colour: the net’s answer). Below: how far the nearest is; 1 is usual.",
  ),
  show(cell, data, { note, answer, digits, isParting }) {
    const { digit, distances } = data;
    paintTiles(
      canvasOf(cell),
      data.digits.map((/** @type {number} */ index) => bytes(digits[index])),
      2,
    );
    write(cell, make("b", { textContent: digit, className: digit === answer ? "knew" : "other" }));
    setText(note, isParting ? t("they part here") : `× ${distances[0].toFixed(1)}`);
    cell.classList.toggle("parting", isParting);
    cell.setAttribute("aria-description", theNearest(data));
  },
  words: ({ labels, distances, accuracy: [right, total] }) =>
    t(
      "{nearest}, the first {distance} times as far as usual; right on {share} % of {total} other digits, in the whole net",
      {
        nearest: theNearest({ labels }),
        distance: rounded(distances[0]),
        share: inPercent(right / total),
        total: total.toLocaleString("en"),
      },
    ),
};

/** @type {Record<string, Lens>} */
export const LENSES = { maps, edit, left, knew, why, near };
