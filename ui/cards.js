// @ts-check
// The answer cards, and the strip of both answers in the pad.

import { chosen, find, findText, make, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { speak } from "./spoken.js";
import { aDigit } from "./words.js";

/**
 * @typedef {import("./page.js").Answer} Answer
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {import("./page.js").State["choice"]} Choice
 * @typedef {{variant: Variant, title: string, sign: string}} Net
 * @typedef {{digit: number | null, certainty: string, doubt: string}} Words
 */

const TOP = 3; // bars that a card shows unless it is to show them all

/**
 * @param {HTMLElement} element
 * @param {{nets: Net[], rival: number}} props rival: the probability from which the second best
 *   digit is named, too
 */
export function mount(element, { nets, rival }) {
  let count = 0;
  const chips = new Map(nets.map((net) => [net.variant, chipOf(net)]));
  function render() {
    count += 1;
    const answers = page.state.reply?.answers ?? null;
    const { choice } = page.state;
    const shown = nets.filter(({ variant }) => choice === "both" || variant === choice);
    findText(element, ".cards").dataset.shown = choice;
    const words = Object.fromEntries(
      nets.map(({ variant }) => [variant, worded(answers?.[variant], rival)]),
    );
    fillStrip(chips, shown, words, answers !== null);
    judge(element, shown, words, answers !== null);
    for (const { variant } of nets) {
      const card = findText(element, `[data-testid="answer-${variant}"]`);
      fill(card, answers?.[variant] ?? null, words[variant]);
      card.dataset.answerId = `${count}`; // last: who waits for it finds the rest in place
    }
  }
  page.subscribe(["reply", "choice"], render);
  const speakNow = speak(findText(element, ".sentence"), findText(element, ".spoken"));
  page.subscribe(["choice"], ({ choice }) => {
    find(element, `[name="nets"][value="${choice}"]`, HTMLInputElement).checked = true;
    speakNow();
  });
  const all = find(element, '[name="all"]', HTMLInputElement);
  all.addEventListener("change", () => {
    findText(element, ".cards").dataset.bars = all.checked ? "all" : "top";
  });
  findText(element, ".choice").addEventListener("change", () => {
    page.set({ choice: /** @type {Choice} */ (chosen(element, "nets")) });
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
    return { digit: null, certainty: "", doubt: t("There is nothing to read.") };
  }
  if (answer.digit === null) {
    return { digit: null, certainty: "", doubt: t("This doesn’t look like a digit.") };
  }
  const order = [...answer.probabilities.entries()].sort(([, a], [, b]) => b - a);
  const [[first, best], [second, next]] = order;
  const doubt = next >= rival ? t("Looks like {first}, maybe {second}.", { first, second }) : "";
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
  setText(findText(card, ".digit"), symbol(words, answer !== null));
  setText(findText(card, ".certainty"), words.certainty);
  setText(findText(card, ".doubt"), words.doubt);
  const probabilities = answer?.probabilities ?? Array(10).fill(0);
  const ranks = ranksOf(probabilities);
  for (const [i, row] of [...card.querySelectorAll(".bars li")].entries()) {
    if (!(row instanceof HTMLElement)) continue;
    const probability = probabilities[i];
    row.classList.toggle("best", i === words.digit);
    row.classList.toggle("top", ranks[i] < TOP);
    row.style.setProperty("--rank", `${ranks[i]}`);
    // No finer than one can see: what stays as it is costs nothing.
    findText(row, "i").style.translate = `${(100 * (probability - 1)).toFixed(2)}%`;
    setText(findText(row, ".number"), percent(probability));
  }
}

/**
 * The place of each, from the largest: [.1, .7, .2] gives [2, 0, 1].
 * @param {number[]} values
 */
function ranksOf(values) {
  const order = [...values.keys()].sort((a, b) => values[b] - values[a]);
  return values.map((_, i) => order.indexOf(i));
}

/** @param {Net} net */
function chipOf({ variant, title, sign }) {
  const chip = make("p", { className: `chip ${variant}`, title, innerHTML: sign });
  chip.append(make("b"), make("span"));
  return chip;
}

/**
 * @param {Map<Variant, HTMLElement>} chips
 * @param {Net[]} shown
 * @param {Record<string, Words>} words by variant
 * @param {boolean} isAnswered
 */
function fillStrip(chips, shown, words, isAnswered) {
  for (const [variant, chip] of chips) {
    setText(findText(chip, "b"), symbol(words[variant], isAnswered));
    setText(findText(chip, "span"), words[variant].certainty);
  }
  const strip = document.querySelector("[data-strip]");
  const inSight = shown.map(({ variant }) => chips.get(variant) ?? "");
  const isThere = inSight.every((chip, i) => chip === strip?.children[i]);
  if (!isThere || strip?.childElementCount !== inSight.length) strip?.replaceChildren(...inSight);
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
  setText(verdict, isPair ? (isAgreed ? t("agree") : t("disagree")) : "");
  verdict.dataset.agree = `${isAgreed}`;
  const sentence = findText(element, ".sentence");
  setText(sentence, isAnswered ? said(shown, digits) : t("Draw a digit and watch."));
}

/**
 * @param {Net[]} shown
 * @param {(number | null)[]} digits
 */
function said(shown, digits) {
  const each = shown.map(({ title }, i) =>
    t("{title}: {digit}", { title, digit: aDigit(digits[i]) }),
  );
  if (shown.length === 1) return t("{what}.", { what: each[0] });
  if (digits[0] === digits[1]) return t("Both read {digit}.", { digit: aDigit(digits[0]) });
  return t("{what}.", { what: each.join(t("; ")) });
}
