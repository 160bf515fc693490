// @ts-check
// What the page shows as one picture for white paper: the drawing, both answers, the board's rows
// and its sentence, and where it comes from.

import { t } from "./language.js";
import { paintOn } from "./pad_paint.js";
import { page } from "./page.js";
import { contextOf } from "./pictures.js";
import { answerTo, certaintyOf, likeliest, percent, readOf } from "./words.js";

/**
 * @typedef {import("./page.js").Net} Net
 * @typedef {CanvasRenderingContext2D} Context
 * @typedef {Record<"ink" | "muted" | "line" | "track" | "residual" | "plain", string>} Colours
 */

const WIDTH = 1200;
const MARGIN = 48;
const PAD = 300; // the side of the drawing
const CELL = 108;
const STEP = 124; // from cell to cell
const ROW = 166; // from net to net
const LINE = 24; // of the sentence
const BARS = 3;
const SCALE = 2; // pixels, for print

const NAME = t("With and without shortcuts");
const ABOUT = t("what a shortcut does in a neural network");

/**
 * @param {string} address where the page is
 */
export function pictureOfPage(address) {
  const { nets, reply } = page.state;
  const board = document.querySelector('[data-testid="board"]');
  const said = board?.querySelector(".said")?.textContent ?? "";
  const canvas = document.createElement("canvas");
  const context = contextOf(canvas);
  const lines = wrapped(context, said, WIDTH - 2 * MARGIN);
  const height = 2 * MARGIN + 60 + PAD + 50 + nets.length * ROW + LINE * lines.length + 40;
  [canvas.width, canvas.height] = [SCALE * WIDTH, SCALE * height];
  context.scale(SCALE, SCALE);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, WIDTH, height);
  const colours = lightColours();
  const write = writer(context);

  let top = MARGIN;
  write(NAME, MARGIN, top + 30, { size: 34, weight: 700, colour: colours.ink });
  top += 60;
  context.strokeStyle = colours.line;
  context.strokeRect(MARGIN, top, PAD, PAD);
  drawPad(context, MARGIN, top, colours);
  const across = (WIDTH - 2 * MARGIN - PAD) / Math.max(1, nets.length);
  for (const [i, net] of nets.entries()) {
    const left = MARGIN + PAD + 40 + i * across;
    drawAnswer(context, net, reply, left, top, colours);
  }
  top += PAD + 50;
  for (const net of nets) {
    const row = board?.querySelector(`[data-net="${net.variant}"]`);
    if (row) drawRow(context, row, net, top, colours);
    top += ROW;
  }
  for (const line of lines) {
    write(line, MARGIN, top, { size: 17, colour: colours.ink });
    top += LINE;
  }
  const from = address.replace(/#.*/, "").replace(/^https?:\/\//, "");
  const foot = { size: 14, colour: colours.muted };
  write(
    `${t("{name}: {about}", { name: NAME, about: ABOUT })} · ${from}`,
    MARGIN,
    height - MARGIN + 10,
    foot,
  );
  return canvas;
}

/**
 * Those of the light page, which stand at the root: "dark" is a class of the body.
 * @returns {Colours}
 */
export function lightColours() {
  const style = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"),
    muted: of("muted"),
    line: of("line"),
    track: of("track"),
    residual: of("residual"),
    plain: of("plain"),
  };
}

/** @param {Context} context */
export function writer(context) {
  return (
    /** @type {string} */ text,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {{size: number, weight?: number, colour: string, align?: CanvasTextAlign}} */ look,
  ) => {
    context.font = `${look.weight ?? 400} ${look.size}px system-ui, sans-serif`;
    context.fillStyle = look.colour;
    context.textAlign = look.align ?? "left";
    context.fillText(text, x, y);
  };
}

/**
 * @param {Context} context
 * @param {number} left
 * @param {number} top
 * @param {Colours} colours
 */
function drawPad(context, left, top, { ink }) {
  const { drawing } = page.state;
  const { sheet, pen } = page.state.paper;
  context.save();
  context.beginPath();
  context.rect(left, top, PAD, PAD);
  context.clip();
  // On a canvas of its own: the ink of a picture is coloured by what is there already.
  const sheetOfInk = document.createElement("canvas");
  sheetOfInk.width = sheetOfInk.height = SCALE * PAD;
  const width = page.state.lab?.pen ?? pen;
  paintOn(contextOf(sheetOfInk), drawing, { units: sheet, pen: width, ink, side: SCALE * PAD });
  context.drawImage(sheetOfInk, left, top, PAD, PAD);
  context.restore();
}

/**
 * @param {Context} context
 * @param {Net} net
 * @param {import("./page.js").Reply | null} reply
 * @param {number} left
 * @param {number} top
 * @param {Colours} colours
 */
function drawAnswer(context, { variant, title }, reply, left, top, colours) {
  const write = writer(context);
  const colour = colours[variant];
  const answer = reply?.answers[variant];
  const probabilities = (reply && answerTo(reply, variant)?.probabilities) ?? [];
  const read = answer ? readOf(answer) : null;
  write(title, left, top + 24, { size: 24, weight: 650, colour });
  const symbol = `${read ?? (answer ? "?" : "–")}`;
  const size = Math.min(140, 320 / symbol.length); // a number leaves room for its certainty, too
  write(symbol, left, top + 150, { size, weight: 700, colour });
  const right = left + Math.max(84, context.measureText(symbol).width) + 26;
  const isRead = read !== null && probabilities.length > 0;
  const said = isRead && answer ? percent(certaintyOf(answer)) : answer ? t("not a digit") : "";
  write(said, right, top + 150, { size: 30, colour: colours.ink });
  const best = likeliest(probabilities).slice(0, BARS);
  for (const [i, [value, probability]] of best.entries()) {
    const y = top + 200 + 34 * i;
    write(`${value}`, left, y + 14, { size: 18, colour: colours.ink });
    context.fillStyle = colours.track;
    context.fillRect(left + 26, y, 190, 16);
    context.fillStyle = isRead ? colour : colours.line;
    context.fillRect(left + 26, y, 190 * probability, 16);
    write(percent(probability), left + 230, y + 14, { size: 17, colour: colours.ink });
  }
}

/**
 * A net's units as the board shows them.
 * @param {Context} context
 * @param {Element} row
 * @param {Net} net
 * @param {number} top
 * @param {Colours} colours
 */
function drawRow(context, row, { variant, title }, top, colours) {
  const write = writer(context);
  write(title, MARGIN, top, { size: 16, weight: 650, colour: colours[variant] });
  for (const [i, cell] of [...row.querySelectorAll(".cell")].entries()) {
    const [left, y] = [MARGIN + i * STEP, top + 10];
    const isOut = cell.classList.contains("out");
    context.setLineDash(variant === "plain" || isOut ? [6, 4] : []);
    context.lineWidth = 2;
    context.strokeStyle = isOut ? colours.muted : colours[variant];
    context.fillStyle = isOut ? "#fff" : getComputedStyle(cell).backgroundColor;
    context.fillRect(left, y, CELL, CELL);
    context.strokeRect(left, y, CELL, CELL);
    context.setLineDash([]);
    if (!isOut) drawInside(context, cell, left, y);
    const middle = left + CELL / 2;
    const over = cell.querySelector(".over")?.textContent;
    if (over && isOut) {
      write(over, middle, y + CELL / 2 + 6, { size: 18, colour: colours.muted, align: "center" });
    }
    const name = cell.closest(".unit")?.querySelector(".label")?.textContent ?? "";
    write(name, middle, y + CELL + 18, { size: 13, colour: colours.muted, align: "center" });
  }
}

/**
 * @param {Context} context
 * @param {Element} cell
 * @param {number} left
 * @param {number} top
 */
function drawInside(context, cell, left, top) {
  const canvas = cell.querySelector("canvas");
  const isShown = cell.getAttribute("data-lens");
  if (canvas && isShown && canvas.width > 1) {
    context.imageSmoothingEnabled = false;
    context.drawImage(canvas, left + 3, top + 3, CELL - 6, CELL - 6);
  }
  const middle = left + CELL / 2;
  const lines = [...cell.querySelectorAll(".figures > :is(b, small)")];
  for (const [i, line] of lines.entries()) {
    const { color, fontSize } = getComputedStyle(line);
    const size = Number.parseFloat(fontSize);
    const y = top + CELL / 2 + size / 3 + (i - (lines.length - 1) / 2) * 22;
    const look = { size, weight: line.tagName === "B" ? 700 : 400, colour: color };
    writer(context)(line.textContent ?? "", middle, y, { ...look, align: "center" });
  }
}

/**
 * @param {Context} context
 * @param {string} text
 * @param {number} width
 */
function wrapped(context, text, width) {
  context.font = "400 17px system-ui, sans-serif";
  const lines = [""];
  // A line can break after a space, and between any two Chinese letters.
  for (const word of text.trim().match(/[⺀-￯]|[^\s⺀-￯]+\s*|\s+/g) ?? []) {
    const longer = lines[lines.length - 1] + word;
    if (context.measureText(longer.trim()).width > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((line) => line.trim());
}
