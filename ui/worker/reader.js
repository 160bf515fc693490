// @ts-check
// One question of the page in, the reply out: what ui/reading.py does on the server, here.

import { answerOf } from "./calibration.js";
import { digitAt } from "./digits.js";
import { fromPixels } from "./image.js";
import { greyLevels, InkError } from "./ink.js";
import { stepsOfImage, stepsOfStrokes } from "./lab.js";
import * as lenses from "./lenses.js";
import { picturesOf } from "./nearest.js";
import { input, trace } from "./net.js";
import { isAltered, partOf, pictureOf, readBy, reread } from "./number.js";
import { everyWay } from "./paths.js";
import * as runtime from "./runtime.js";
import { drawingOf, undivided } from "./several.js";

/**
 * @typedef {import("./net.js").Net} Net
 * @typedef {import("./nearest.js").Nearest} Nearest
 * @typedef {import("./readback.js").Readback} Readback
 * @typedef {import("./safetensors.js").File} File
 * @typedef {import("../page.js").Question} Question
 * @typedef {import("../page.js").Board} Board
 * @typedef {import("../page.js").Answer} Answer
 * @typedef {import("../page.js").Variant} Variant
 * @typedef {import("./several.js").Drawing} Drawing
 * @typedef {Omit<import("../page.js").Reply, "asked" | "drawing">} Reply
 *
 * @typedef {{readback?: Readback, nearest?: Nearest}} Fitted what the lens needs of a net
 *
 * @typedef {object} Sources what else a reader may need; each is asked for it when it does
 * @property {(net: Net) => Promise<Readback>} readback
 * @property {() => Promise<import("./digits.js").Digits>} digits MNIST's, for testing
 * @property {(net: Net) => Promise<Nearest>} nearest
 * @property {() => Promise<File>} nearestDigits their pictures
 * @property {(image: string) => Promise<import("./image.js").Pixels>} pixels of an image file
 */

export class Reader {
  /**
   * @param {Net[]} nets
   * @param {Sources} sources
   */
  constructor(nets, sources) {
    this.nets = nets;
    this.sources = sources;
    this.rules = nets[0].rules;
  }

  /**
   * Raises InkError for a drawing that cannot be read.
   * @param {Question} question
   * @returns {Promise<Reply>}
   */
  async read(question) {
    const { steps, drawing, label } = await this.prepared(question);
    const reply = await this.reply(drawing, question.board ?? null, question.part);
    if (question.lab) reply.steps = steps.map(greyLevels);
    if (label !== undefined) reply.label = label;
    return reply;
  }

  /**
   * The answers of all nets that are left of one with units out.
   * @param {import("../page.js").PathsQuestion} question
   * @returns {Promise<import("../page.js").EveryWay>}
   */
  async everyWay(question) {
    const { drawing } = await this.prepared(question);
    const net = this.nets.find(({ variant }) => variant === question.net);
    if (!net) throw new InkError("There is no such net.");
    return everyWay(
      net,
      pictureOf(drawing, partOf(drawing, this.readAsNumbers(drawing), question.part)),
    );
  }

  /**
   * The pictures of the lab's steps, or only the one, and what is to be read.
   * @param {Question} question
   * @returns {Promise<{steps: Float32Array[], drawing: Drawing, label?: number}>}
   */
  async prepared({ strokes, image, digit, lab }) {
    const { ink: rules, lab: ofLab } = this.rules;
    if (digit !== undefined) {
      const { picture, label } = digitAt(await this.sources.digits(), digit, rules);
      return { ...only([picture]), label };
    }
    if (image !== undefined) {
      const pixels = await this.sources.pixels(image);
      return only(lab ? stepsOfImage(pixels, lab, ofLab, rules) : [fromPixels(pixels, rules)]);
    }
    if (lab) return only(stepsOfStrokes(strokes, lab, ofLab, rules));
    const drawing = drawingOf(strokes, this.rules);
    return { steps: [drawing.whole], drawing };
  }

  /**
   * The whole nets' answers to a drawing that may be a number; none to any other.
   * @param {Drawing} drawing
   * @returns {Partial<Record<Variant, Answer>>}
   */
  readAsNumbers(drawing) {
    if (drawing.digits.length === 0) return {};
    return Object.fromEntries(this.nets.map((net) => [net.variant, readBy(net, drawing)]));
  }

  /**
   * @param {Drawing} drawing
   * @param {Board | null} board
   * @param {number} [wish] the digit of a number that is looked into
   */
  async reply(drawing, board, wish) {
    const found = this.readAsNumbers(drawing);
    const part = partOf(drawing, found, wish);
    const picture = pictureOf(drawing, part);
    /** @type {Reply} */
    const reply = { answers: /** @type {any} */ ({}), picture: greyLevels(picture) };
    if (part !== null) reply.part = part;
    if (board) reply.board = /** @type {any} */ ({});
    for (const net of this.nets) {
      const { fitted, closed } = await this.opened(net, board);
      if (closed) reply.closed = closed;
      const whole = part === null ? null : found[net.variant];
      runtime.scope(() => {
        const seen = trace(net, input(net, picture), board?.units);
        const mayRefuse = !isAltered(net, board);
        const logits = runtime.valuesOf(seen.logits);
        reply.answers[net.variant] = whole
          ? reread(net, drawing, whole, board)
          : answerOf(picture, logits, net.calibration, mayRefuse);
        if (board && reply.board && !closed) {
          reply.board[net.variant] = cells(board, seen, net, picture, fitted);
        }
      });
    }
    if (board?.lens === "near" && reply.board) {
      const named = new Set(Object.values(reply.board).flatMap((row) => row.flatMap(digitsOf)));
      if (named.size > 0) reply.digits = picturesOf(await this.sources.nearestDigits(), named);
    }
    return reply;
  }

  /**
   * What a lens needs of a net, or why it shows nothing.
   * @param {Net} net
   * @param {Board | null} board
   * @returns {Promise<{fitted: Fitted, closed?: string}>}
   */
  async opened(net, board) {
    try {
      switch (board?.lens) {
        case "left":
        case "knew":
          return { fitted: { readback: await this.sources.readback(net) } };
        case "near":
          await this.sources.nearestDigits(); // nor is there anything to see without
          return { fitted: { nearest: await this.sources.nearest(net) } };
        default:
          return { fitted: {} };
      }
    } catch (error) {
      return { fitted: {}, closed: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** @param {Float32Array[]} steps the last is to be read, and does not fall into digits */
const only = (steps) => ({ steps, drawing: undivided(steps[steps.length - 1]) });

/** @param {{digits: number[]}} cell of the lens "near" */
const digitsOf = ({ digits }) => digits;

/**
 * @param {Board} board
 * @param {import("./net.js").Trace} seen
 * @param {Net} net
 * @param {Float32Array} picture
 * @param {Fitted} fitted
 */
function cells({ lens, units }, seen, net, picture, { readback, nearest }) {
  switch (lens) {
    case "maps":
      return lenses.maps(seen, net.rules.board.tiled);
    case "edit":
      return lenses.edit(seen, net);
    case "why":
      return lenses.why(seen, net, picture, units);
    case "left":
      return lenses.left(seen, /** @type {Readback} */ (readback));
    case "knew":
      return lenses.knew(seen, /** @type {Readback} */ (readback));
    case "near":
      return lenses.near(seen, /** @type {Nearest} */ (nearest), net.rules.board.nearest);
    default:
      throw new Error(`There is no lens named ${lens}.`);
  }
}
