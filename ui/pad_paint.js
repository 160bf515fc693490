// @ts-check
// The pad as a picture: strokes in ink, or an uploaded picture.

import { contextOf } from "./pictures.js";

/**
 * @typedef {import("./drawing.js").Stroke} Stroke
 * @typedef {import("./drawing.js").Picture} Picture
 */

const UNDERLAY = "#a8a29e"; // shows through where a picture is transparent

/** @typedef {{ink: string, side: number}} Look the ink's colour, and the pad's side in pixels */

/**
 * The browser has to lay out the page for it.
 * @param {HTMLCanvasElement} canvas its colour is the ink's
 * @returns {Look}
 */
export const lookOf = (canvas) => ({
  ink: getComputedStyle(canvas).color,
  side: Math.round(canvas.clientWidth * canvas.currentCSSZoom * devicePixelRatio),
});

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import("./drawing.js").Drawing} drawing
 * @param {{units: number, pen: number} & Look} how units: the pad's side, in those of the drawing;
 *   pen: its width in units
 */
export function paintDrawing(canvas, drawing, how) {
  if (canvas.width !== how.side) canvas.width = canvas.height = how.side;
  paintOn(contextOf(canvas), drawing, how);
}

/**
 * @param {CanvasRenderingContext2D} context of an own canvas: what it showed is gone
 * @param {Pick<import("./drawing.js").Drawing, "strokes" | "picture">} drawing
 * @param {{units: number, pen: number} & Look} how
 */
export function paintOn(context, { strokes, picture }, { units, pen, ink, side }) {
  context.setTransform(side / units, 0, 0, side / units, 0, 0);
  context.clearRect(0, 0, units, units);
  context.strokeStyle = ink;
  context.lineWidth = pen;
  context.lineCap = context.lineJoin = "round";
  if (picture) paintPicture(context, picture, units);
  for (const stroke of strokes) trace(context, stroke);
}

/**
 * In the middle, as large as fits.
 * @param {CanvasRenderingContext2D} context
 * @param {Picture} picture
 * @param {number} units
 */
function paintPicture(context, { canvas, isInk }, units) {
  const scale = units / Math.max(canvas.width, canvas.height);
  const [width, height] = [canvas.width * scale, canvas.height * scale];
  const [left, top] = [(units - width) / 2, (units - height) / 2];
  context.imageSmoothingEnabled = !isInk;
  if (!isInk) {
    context.fillStyle = UNDERLAY;
    context.fillRect(left, top, width, height);
  }
  context.drawImage(canvas, left, top, width, height);
  if (isInk) {
    context.globalCompositeOperation = "source-in"; // the picture's ink, in the pad's colour
    context.fillStyle = context.strokeStyle;
    context.fillRect(0, 0, units, units);
    context.globalCompositeOperation = "source-over";
  }
}

/**
 * The pen's points are corners; a line through their midpoints, bent by them, is round.
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 */
function trace(context, stroke) {
  context.beginPath();
  context.moveTo(...stroke[0]);
  for (let i = 1; i < stroke.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [stroke[i], stroke[i + 1]];
    context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  const [x, y] = stroke[stroke.length - 1];
  context.lineTo(x + (stroke.length === 1 ? 0.1 : 0), y); // a canvas leaves out a line of no length
  context.stroke();
}
