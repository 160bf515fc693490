// @ts-check
// The answer cards, and the strip of both answers in the pad.

import { chosen, find, findText, make, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { speak } from "./spoken.js";
import { aDigit, answerTo, certaintyOf, likeliest, percent, readOf } from "./words.js";

/**
 * @typedef {import("./page.js").Answer} Answer
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {import("./page.js").State["choice"]} Choice
 * @typedef {{variant: Variant, title: string, sign: string}} Net
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {{read: import("./words.js").Read, certainty: string, doubt: string}} Words
 */

const ROOM = 4; // digits of a number that leave room for their certainties
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
    const { choice, reply } = page.state;
    const shown = nets.filter(({ variant }) => choice === "both" || variant === choice);
    findText(element, ".cards").dataset.shown = choice;
    const words = Object.fromEntries(
      nets.map(({ variant }) => [variant, worded(reply, variant, rival)]),
    );
    fillStrip(chips, shown, words, reply !== null);
    judge(element, shown, words, reply !== null);
    for (const { variant } of nets) {
      const card = findText(element, `[data-testid="answer-${variant}"]`);
      fill(card, reply, variant, words[variant]);
      card.dataset.answerId = `${count}`; // last: who waits for it finds the rest in place
    }
  }
  page.subscribe(["reply", "choice"], render);
  const speakNow = speak(findText(element, ".sentence"), findText(element, ".spoken"));
  page.subscribe(["choice"], ({ choice }) => {
    find(element, `[name="nets"][value="${choice}"]`, HTMLInputElement).checked = true;
    speakNow();
  });
  for (const { variant } of nets) {
    const digits = findText(element, `[data-testid="answer-${variant}"] .digits`);
    digits.addEventListener("change", () => {
      const part = Number(chosen(digits, `digit-${variant}`));
      page.set({ drawing: { ...page.state.drawing, part } });
    });
  }
  const all = find(element, '[name="all"]', HTMLInputElement);
  all.addEventListener("change", () => {
    findText(element, ".cards").dataset.bars = all.checked ? "all" : "top";
  });
  findText(element, ".choice").addEventListener("change", () => {
    page.set({ choice: /** @type {Choice} */ (chosen(element, "nets")) });
  });
}

/** @param {number} probability */
const bare = (probability) => (100 * probability).toFixed(1);

/**
 * What a net says.
 * @param {Reply | null} reply
 * @param {Variant} variant
 * @param {number} rival
 * @returns {Words}
 */
function worded(reply, variant, rival) {
  const answer = reply?.answers[variant];
  if (!reply || !answer) return { read: null, certainty: "", doubt: "" };
  if (!answer.probabilities) {
    return { read: null, certainty: "", doubt: t("There is nothing to read.") };
  }
  const read = readOf(answer);
  if (read === null) {
    return { read, certainty: "", doubt: t("This doesn’t look like a digit.") };
  }
  const [[first], [second, next]] = likeliest(answerTo(reply, variant).probabilities ?? []);
  const doubt = next >= rival ? t("Looks like {first}, maybe {second}.", { first, second }) : "";
  return { read, certainty: percent(certaintyOf(answer)), doubt };
}

/**
 * A digit or a number, "?" for a refusal, a dash where nothing was asked.
 * @param {Words} words
 * @param {boolean} isAnswered
 */
const symbol = ({ read }, isAnswered) => `${read ?? (isAnswered ? "?" : "–")}`;

/**
 * @param {HTMLElement} card
 * @param {Reply | null} reply
 * @param {Variant} variant
 * @param {Words} words
 */
function fill(card, reply, variant, words) {
  const answer = reply && answerTo(reply, variant);
  card.dataset.digit = `${reply?.answers[variant]?.digit ?? ""}`;
  card.dataset.number = reply?.answers[variant]?.number ?? "";
  showDigits(card, reply?.answers[variant]?.digits ?? [], reply?.part ?? 0);
  setText(findText(card, ".digit"), symbol(words, Boolean(answer)));
  setText(findText(card, ".certainty"), words.certainty);
  setText(findText(card, ".doubt"), words.doubt);
  const probabilities = answer?.probabilities ?? Array(10).fill(0);
  const ranks = ranksOf(probabilities);
  for (const [i, row] of [...card.querySelectorAll(".bars li")].entries()) {
    if (!(row instanceof HTMLElement)) continue;
    const probability = probabilities[i];
    row.classList.toggle("best", i === answer?.digit);
    row.classList.toggle("top", ranks[i] < TOP);
    row.style.setProperty("--rank", `${ranks[i]}`);
    // No finer than one can see: what stays as it is costs nothing.
    findText(row, "i").style.translate = `${(100 * (probability - 1)).toFixed(2)}%`;
    setText(findText(row, ".number"), bare(probability));
  }
}

/**
 * A number, digit by digit; one of them is looked into.
 * @param {HTMLElement} card
 * @param {Answer[]} digits
 * @param {number} part
 */
function showDigits(card, digits, part) {
  const row = findText(card, ".digits");
  row.style.setProperty("--count", `${digits.length}`);
  for (const [i, label] of [...row.querySelectorAll("label")].entries()) {
    const answer = digits[i];
    label.hidden = !answer;
    if (!answer) continue;
    find(label, "input", HTMLInputElement).checked = i === part;
    setText(findText(label, "b"), `${answer.digit}`);
    const certainty = bare(certaintyOf(answer));
    setText(findText(label, "small"), digits.length > ROOM ? "" : certainty);
  }
}

/**
 * The place of each, from the largest: [.1, .7, .2] gives [2, 0, 1].
 * @param {number[]} values
 */
function ranksOf(values) {
  const order = likeliest(values).map(([i]) => i);
  return values.map((_, i) => order.indexOf(i));
}

/** @param {Net} net */
function chipOf({ variant, title, sign }) {
  const chip = make("p", { className: `chip ${variant}`, innerHTML: sign });
  chip.append(make("small", { textContent: title }), make("b"), make("span"));
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
    const text = symbol(words[variant], isAnswered);
    setText(findText(chip, "b"), text);
    chip.style.setProperty("--count", `${text.length}`);
    setText(findText(chip, "span"), text.length === 1 ? words[variant].certainty : "");
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
  const read = shown.map(({ variant }) => words[variant].read);
  const isPair = shown.length === 2 && read.some((one) => one !== null);
  const isAgreed = read[0] === read[1];
  const verdict = find(element, ".verdict", HTMLElement);
  setText(verdict, isPair ? (isAgreed ? t("agree") : t("disagree")) : "");
  verdict.dataset.agree = `${isAgreed}`;
  const sentence = findText(element, ".sentence");
  setText(sentence, isAnswered ? said(shown, read) : t("Draw a digit and watch."));
}

/**
 * @param {Net[]} shown
 * @param {import("./words.js").Read[]} read
 */
function said(shown, read) {
  const each = shown.map(({ title }, i) =>
    t("{title}: {digit}", { title, digit: aDigit(read[i]) }),
  );
  if (shown.length === 1) return t("{what}.", { what: each[0] });
  if (read[0] === read[1]) return t("Both read {digit}.", { digit: aDigit(read[0]) });
  return t("{what}.", { what: each.join(t("; ")) });
}
