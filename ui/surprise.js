// @ts-check
// "Surprise me": both nets read the drawing with each unit out and with each shortcut cut, and the
// deeper nets read it, too. What tells most is shown first; another tap goes on to the next.

import { bringUp, findButton, findText, setText } from "./dom.js";
import { isEmpty } from "./drawing.js";
import { t } from "./language.js";
import { drawingOf, page, WHOLE, wholeUnits } from "./page.js";
import { questionOf } from "./page_asking.js";
import { bytes } from "./pictures.js";
import { answerTo } from "./words.js";

/**
 * @typedef {import("./page.js").Answer} Answer
 * @typedef {import("./page.js").Unit} Unit
 *
 * @typedef {object} Deeper
 * @property {string} files the address of their list
 * @property {number[]} depths
 *
 * @typedef {object} Props
 * @property {number} units of each net
 * @property {Deeper | null} deeper null where there are no deeper nets
 *
 * @typedef {object} Candidate
 * @property {"out" | "depth" | "cut"} kind
 * @property {Unit[] | null} units null for a depth
 * @property {number} depth
 * @property {number} score how far it parts what was one: 1 is all the way
 */

const ENOUGH = 0.5; // what scores less tells little

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
export function mount(element, props) {
  const button = findButton(element, '[data-do="surprise"]');
  const found = findText(element, ".found");
  /** @type {{drawing: string, candidates: Candidate[], next: number} | null} */
  let course = null;
  let isTrying = false;

  button.addEventListener("click", async () => {
    const question = wholeQuestion();
    if (isTrying) return;
    if (isEmpty(page.state.drawing)) return setText(found, t("Draw a digit first."));
    if (course?.drawing !== drawingOf(question)) {
      isTrying = true;
      setText(found, t("Trying each unit …"));
      const candidates = await telling(question, props).catch(() => null);
      isTrying = false;
      if (!candidates) return setText(found, t("The nets do not answer; please try again."));
      course = { drawing: drawingOf(question), candidates, next: 0 };
    }
    if (course.drawing !== drawingOf(wholeQuestion())) return setText(found, "");
    const { candidates, next } = course;
    if (candidates.length === 0) return setText(found, t("Neither net sees a digit here."));
    course.next = (next + 1) % candidates.length;
    show(candidates[next]);
    setText(found, t("{number} of {all}", { number: next + 1, all: candidates.length }));
  });
  findButton(element, '[data-do="tour"]').addEventListener("click", () => page.set({ tour: 1 }));
  page.subscribe(["drawing"], () => {
    if (!isTrying) setText(found, "");
  });
}

const wholeQuestion = () => questionOf({ ...page.state, board: null });

/** @param {Candidate} candidate */
function show({ units, depth }) {
  const { board } = page.state;
  if (!board) return;
  page.set({ board: { ...board, units: units ?? wholeUnits(board.units.length) } });
  if (!units) page.set({ depth });
  bringUp(units ? "#board .rows" : "#deeper");
}

/**
 * What tells much of this drawing, the most telling first; or what tells most, if that is little;
 * or nothing, where neither net sees a digit.
 * @param {import("./page.js").Question} question
 * @param {Props} props
 * @returns {Promise<Candidate[]>}
 */
async function telling(question, { units: count, deeper }) {
  const { reading, board } = page.state;
  if (!reading || !board) throw new Error("not yet");
  const ask = async (/** @type {Unit[]} */ units) => {
    const reply = await reading.read({ ...question, board: { units, lens: "maps" } });
    if (!reply?.answers) throw new Error(reply?.error ?? "no answer");
    return reply;
  };
  const whole = await ask(wholeUnits(count));
  const digit = answerTo(whole, "residual")?.digit ?? answerTo(whole, "plain")?.digit;
  if (digit === null || digit === undefined) return [];
  const sure = (/** @type {Answer | undefined} */ answer) => answer?.probabilities?.[digit] ?? 0;
  /** @type {Candidate[]} */
  const candidates = [];
  for (let number = 1; number <= count; number++) {
    for (const how of [{ is_out: true }, { has_shortcut: false }]) {
      const units = wholeUnits(count).with(number - 1, { ...WHOLE, ...how });
      const reply = await ask(units);
      const [residual, plain] = [answerTo(reply, "residual"), answerTo(reply, "plain")];
      // Out: who still reads it? Cut: what has the net with shortcuts lost?
      const [kept, lost] = how.is_out ? [residual, plain] : [answerTo(whole, "residual"), residual];
      const kind = how.is_out ? "out" : "cut";
      candidates.push({ kind, units, depth: 0, score: sure(kept) - sure(lost) });
    }
  }
  const read = deeper && (await reading.deeper(deeper.files, bytes(whole.picture)));
  for (const depth of read?.answers ? (deeper?.depths ?? []) : []) {
    const [residual, plain] = ["residual", "plain"].map((net) => read.answers[`${net}-${depth}`]);
    const score = sure(residual) - sure(plain);
    candidates.push({ kind: "depth", units: null, depth, score });
  }
  return inOrder(candidates);
}

/**
 * First what tells most of each kind: what the net with shortcuts gets over before what it does not.
 * @param {Candidate[]} candidates
 */
function inOrder(candidates) {
  const sorted = candidates.toSorted((a, b) => b.score - a.score);
  const telling = sorted.filter(({ score }) => score >= ENOUGH);
  const first = ["out", "depth", "cut"].flatMap((kind) => {
    const most = telling.find((one) => one.kind === kind);
    return most ? [most] : [];
  });
  const rest = telling.filter((one) => !first.includes(one));
  return telling.length > 0 ? [...first, ...rest] : sorted.slice(0, 1);
}
