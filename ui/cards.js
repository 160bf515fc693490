// @ts-check
// The answer cards, and the strip of both answers in the pad.

import { chosen, find, findText, make, setText } from "./dom.js";
import { page } from "./page.js";
import { speak } from "./spoken.js";
import { aDigit } from "./words.js";

/**
 * @typedef {import("./page.js").Answer} Answer
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {{variant: Variant, title: string, sign: string}} Net
 * @typedef {{digit: number | null, certainty: string, doubt: string}} Words
 */

/**
 * @param {HTMLElement} element
 * @param {{nets: Net[], rival: number}} props rival: the probability from which the second best
 *   digit is named, too
 */
export function mount(element, { nets, rival }) {
  let count = 0;
  function render() {
    count += 1;
    const answers = page.state.reply?.answers ?? null;
    const choice = chosen(element, "nets");
    const shown = nets.filter(({ variant }) => choice === "both" || variant === choice);
    findText(element, ".cards").dataset.shown = choice;
    const words = Object.fromEntries(
      nets.map(({ variant }) => [variant, worded(answers?.[variant], rival)]),
    );
    fillStrip(shown, words, answers !== null);
    judge(element, shown, words, answers !== null);
    for (const { variant } of nets) {
      const card = findText(element, `[data-testid="answer-${variant}"]`);
      fill(card, answers?.[variant] ?? null, words[variant]);
      card.dataset.answerId = `${count}`; // last: who waits for it finds the rest in place
    }
  }
  page.subscribe(["reply"], render);
  const speakNow = speak(findText(element, ".sentence"), findText(element, ".spoken"));
  findText(element, ".choice").addEventListener("change", () => {
    render();
    speakNow();
  });
}

/** @param {number} probability */
const percent = (probability) => (100 * probability).toFixed(1);

/**
 * What a net says.
 * @param {Answer | null | undefined} answer
 * @param {number} rival
 * @returns {Words}
 */
function worded(answer, rival) {
  if (!answer) return { digit: null, certainty: "", doubt: "" };
  if (!answer.probabilities) {
    return { digit: null, certainty: "", doubt: "There is nothing to read." };
  }
  if (answer.digit === null) {
    return { digit: null, certainty: "", doubt: "This doesn’t look like a digit." };
  }
  const order = [...answer.probabilities.entries()].sort(([, a], [, b]) => b - a);
  const [[first, best], [second, next]] = order;
  const doubt = next >= rival ? `Looks like ${first}, maybe ${second}.` : "";
  return { digit: answer.digit, certainty: `${percent(best)} %`, doubt };
}

/**
 * A digit, "?" for a refusal, a dash where nothing was asked.
 * @param {Words} words
 * @param {boolean} isAnswered
 */
const symbol = ({ digit }, isAnswered) => `${digit ?? (isAnswered ? "?" : "–")}`;

/**
 * @param {HTMLElement} card
 * @param {Answer | null} answer
 * @param {Words} words
 */
function fill(card, answer, words) {
  card.dataset.digit = `${words.digit ?? ""}`;
  findText(card, ".digit").textContent = symbol(words, answer !== null);
  findText(card, ".certainty").textContent = words.certainty;
  findText(card, ".doubt").textContent = words.doubt;
  card.querySelectorAll(".bars li").forEach((row, i) => {
    const probability = answer?.probabilities?.[i] ?? 0;
    row.classList.toggle("best", i === words.digit);
    findText(row, "i").style.width = `${100 * probability}%`;
    findText(row, ".number").textContent = percent(probability);
  });
}

/**
 * @param {Net[]} shown
 * @param {Record<string, Words>} words by variant
 * @param {boolean} isAnswered
 */
function fillStrip(shown, words, isAnswered) {
  document.querySelector("[data-strip]")?.replaceChildren(
    ...shown.map(({ variant, title, sign }) => {
      const chip = make("p", { className: `chip ${variant}`, title });
      chip.innerHTML = sign;
      const said = words[variant];
      chip.append(make("b", { textContent: symbol(said, isAnswered) }), said.certainty);
      return chip;
    }),
  );
}

/**
 * @param {HTMLElement} element
 * @param {Net[]} shown
 * @param {Record<string, Words>} words by variant
 * @param {boolean} isAnswered
 */
function judge(element, shown, words, isAnswered) {
  const digits = shown.map(({ variant }) => words[variant].digit);
  const isPair = shown.length === 2 && digits.some((digit) => digit !== null);
  const isAgreed = digits[0] === digits[1];
  const verdict = find(element, ".verdict", HTMLElement);
  verdict.textContent = isPair ? (isAgreed ? "agree" : "disagree") : "";
  verdict.dataset.agree = `${isAgreed}`;
  const sentence = findText(element, ".sentence");
  setText(sentence, isAnswered ? said(shown, digits) : "Draw a digit and watch.");
}

/**
 * @param {Net[]} shown
 * @param {(number | null)[]} digits
 */
function said(shown, digits) {
  if (shown.length === 1) return `${shown[0].title}: ${aDigit(digits[0])}.`;
  if (digits[0] === digits[1]) return `Both read ${aDigit(digits[0])}.`;
  return `${shown.map(({ title }, i) => `${title}: ${aDigit(digits[i])}`).join("; ")}.`;
}
