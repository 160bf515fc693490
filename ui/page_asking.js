// @ts-check
// Keeps the page's reply at its drawing: one request is under way at a time, and the newest drawing
// goes next.

import { isEmpty } from "./drawing.js";
import { t } from "./language.js";
import { drawingOf, isWhole } from "./page.js";

/**
 * @typedef {import("./page.js").State} State
 * @typedef {import("./page.js").Question} Question
 */

const PATIENCE = 4000; // ms until a server that says nothing counts as gone
const RETRY = 1500; // ms between two tries to reach it again

/**
 * What the server is to read, and how.
 * @param {Readonly<State>} state
 * @returns {Question}
 */
export function questionOf({ drawing, lab, board, isBoardInSight }) {
  const { picture, strokes, part } = drawing;
  /** @type {Question} */
  const question = picture ? { ...picture.asked } : { strokes };
  if (lab && !picture?.isInk) question.lab = lab;
  if (part !== null) question.part = part;
  // Nobody sees into nets that are whole while the board is out of sight: that is quicker.
  if (board && (isBoardInSight || !board.units.every(isWhole))) question.board = board;
  return question;
}

/**
 * Whether the answer to one question answers the other too. An answer of whole nets is the same
 * whether or not it came with a look inside.
 * @param {Question} question
 * @param {Question | null} answered
 */
export function isAnswered(question, answered) {
  if (!answered) return false;
  if (drawingOf(question) !== drawingOf(answered)) return false;
  if (!question.board) return answered.board?.units.every(isWhole) ?? true;
  return JSON.stringify(question.board) === JSON.stringify(answered.board);
}

/**
 * @param {ReturnType<typeof import("./page.js").createPage>} page
 * @param {(question: Question) => Promise<any>} read the reply of the server; nothing, or an error,
 *   where there is none
 * @returns {() => void} asks again what was answered
 */
export function keepAsking(page, read, { patience = PATIENCE, retry = RETRY } = {}) {
  /** @type {Question | null} */
  let answered = null;
  let isStale = false;
  let round = 0;

  /** Asks what the page wants to know by now, unless it knows that. */
  function begin() {
    while (isStale) {
      isStale = false;
      const { drawing } = page.state;
      const question = questionOf(page.state);
      if (isEmpty(drawing)) continue;
      if (!isAnswered(question, answered)) {
        return { question, drawing, round, coming: soon(read(question), patience) };
      }
      page.set({ trouble: "" });
    }
    return null;
  }

  async function ask() {
    page.set({ isAsking: true });
    let asked = begin();
    while (asked) {
      const { question, drawing } = asked;
      let reply;
      try {
        reply = await asked.coming;
      } catch {
        page.set({ trouble: t("The server does not answer. Your drawing is kept; trying again.") });
        await new Promise((resolve) => setTimeout(resolve, retry));
        isStale = true;
        asked = begin();
        continue;
      }
      const isWanted = drawing.id === page.state.drawing.id; // or it was cleared meanwhile
      if (isWanted) answered = reply.error || asked.round !== round ? null : question;
      const next = begin(); // before this reply is shown: the worker reads while the page paints
      if (isWanted) {
        const found = reply.error ? null : { ...reply, asked: question, drawing };
        page.set({ trouble: reply.error ?? "", reply: found });
      }
      asked = next ?? begin();
    }
    page.set({ isAsking: false });
  }

  page.subscribe(["drawing", "lab", "board", "isBoardInSight"], ({ drawing, isAsking }) => {
    if (isEmpty(drawing)) {
      answered = null;
      page.set({ trouble: "", reply: null }); // at once, without a question
    }
    isStale = true;
    if (!isAsking) ask();
  });

  return () => {
    round += 1;
    answered = null;
    isStale = true;
    if (!page.state.isAsking) ask();
  };
}

/**
 * @param {Promise<any>} promise
 * @param {number} patience ms
 */
async function soon(promise, patience) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  if (patience === Infinity) return promise;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer")), patience);
  });
  try {
    const reply = await Promise.race([promise, late]);
    if (!reply) throw new Error("no answer"); // what Gradio makes of a fetch that failed
    return reply;
  } finally {
    clearTimeout(timer);
  }
}
