// @ts-check
// Nets of several depths read what is on the pad: the picture that the pad's nets saw, once they
// have answered. All depths show what they say, and the one that is chosen shows it in full.

import { chosen, find, findText, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { bytes } from "./pictures.js";
import { ask, onSight } from "./server.js";
import { speak } from "./spoken.js";
import { aDigit, percent } from "./words.js";

/**
 * @typedef {import("./page.js").Answer} Answer
 * @typedef {Record<string, Answer>} Answers by the nets' names
 * @typedef {{answers?: Answers, error?: string}} Reply
 *
 * @typedef {object} Net
 * @property {string} name
 * @property {import("./page.js").Variant} variant
 * @property {number} depth layers
 * @property {string} title
 * @property {string} about
 */

/**
 * @param {HTMLElement} element
 * @param {{nets: Net[], files: string}} props files: the address of the list of them
 * @param {import("./server.js").Server} server
 */
export function mount(element, { nets, files }, server) {
  const said = findText(element, ".said");
  const speakNow = speak(said, findText(element, ".spoken"), element);
  /** @type {Answers | null} */
  let answers = null;
  let trouble = "";
  let count = 0;

  function render() {
    const depth = Number(chosen(element, "deeper"));
    for (const net of nets) showSmall(element, net, answers?.[net.name], net.depth === depth);
    const inFull = nets.filter((net) => net.depth === depth);
    for (const net of inFull) showCard(element, net, answers?.[net.name]);
    // The first time they have to be loaded.
    const wait =
      page.state.reply && count === 0 ? t("The deeper nets are loading …") : t("Draw a digit.");
    setText(said, trouble || (answers ? words(depth, inFull, answers) : wait));
    speakNow();
  }

  const section = findText(element, ".deeper");
  const show = (/** @type {Reply | null} */ reply) => {
    answers = reply?.answers ?? null;
    trouble = reply?.error ?? "";
    render();
    count += Number(reply !== null);
    section.dataset.answerId = `${count}`; // last: who waits for it finds the rest in place
  };
  keepReading(section, (picture) => read(files, server, picture), show);
  findText(element, ".choice").addEventListener("change", () => {
    page.set({ depth: Number(chosen(element, "deeper")) });
  });
  element.addEventListener("click", ({ target }) => {
    // A column belongs to its head, for a mouse or a finger too.
    const small = target instanceof Element ? target.closest("[data-deep]") : null;
    if (!(small instanceof HTMLElement)) return;
    find(element, `[name="deeper"][value="${small.dataset.depth}"]`, HTMLInputElement).click();
  });
  const first = chosen(element, "deeper");
  page.subscribe(["depth"], ({ depth }) => {
    const head = element.querySelector(`[name="deeper"][value="${depth ?? first}"]`);
    if (head instanceof HTMLInputElement) head.checked = true; // or a link names nets we lack
    render();
  });
}

/**
 * In this browser, or by the server where that cannot.
 * @param {string} files
 * @param {import("./server.js").Server} server
 * @param {string} picture
 * @returns {Promise<Reply>}
 */
async function read(files, server, picture) {
  const here = await page.state.reading?.deeper(files, bytes(picture));
  return here?.answers ? here : ask(server, "answers", picture);
}

/**
 * Keeps the answers at the picture that the pad's nets saw last, while somebody can see them. One
 * picture is read at a time, and the newest goes next.
 * @param {HTMLElement} section
 * @param {(picture: string) => Promise<Reply>} read
 * @param {(reply: Reply | null) => void} show null for an empty pad
 */
function keepReading(section, read, show) {
  /** @type {string | null} */
  let shown = null;
  let isInSight = false;
  let isReading = false;

  async function update() {
    if (isReading) return;
    isReading = true;
    for (;;) {
      const picture = page.state.reply?.picture ?? null;
      if (picture === shown) break;
      // The pad goes first: while it asks, as it does all the time on a slow machine, these wait.
      if (picture && (!isInSight || page.state.isAsking)) break;
      if (shown === null) show(null); // which says that they are loaded, where they are
      const reply = picture && (await read(picture));
      shown = picture;
      if (page.state.reply || !picture) show(reply || null); // or the pad was emptied meanwhile
    }
    isReading = false;
  }

  page.subscribe(["reply", "isAsking"], update);
  const noteSight = (/** @type {boolean} */ now) => {
    isInSight = now;
    section.dataset.inSight = `${now}`;
    update();
  };
  onSight(section, noteSight, { rootMargin: "120px" });
}

// --- what is shown -------------------------------------------------------------------------------

/** @param {Answer | undefined} answer */
const symbol = (answer) => `${answer?.digit ?? (answer ? "?" : "–")}`;

/**
 * How sure a net is of the digit that it reads; nothing where it reads none.
 * @param {Answer | undefined} answer
 */
function certainty(answer) {
  if (!answer?.probabilities || answer.digit === null) return "";
  return percent(answer.probabilities[answer.digit]);
}

/**
 * @param {HTMLElement} element
 * @param {Net} net
 * @param {Answer | undefined} answer
 * @param {boolean} isChosen
 */
function showSmall(element, { name }, answer, isChosen) {
  const small = findText(element, `[data-deep="${name}"]`);
  small.classList.toggle("chosen", isChosen);
  small.dataset.digit = `${answer?.digit ?? ""}`;
  setText(findText(small, ".digit"), symbol(answer));
  setText(findText(small, ".certainty"), certainty(answer));
}

/**
 * @param {HTMLElement} element
 * @param {Net} net
 * @param {Answer | undefined} answer
 */
function showCard(element, { variant, depth, about }, answer) {
  const card = findText(element, `[data-testid="deeper-${variant}"]`);
  card.dataset.digit = `${answer?.digit ?? ""}`;
  setText(findText(card, ".layers"), `${depth}`);
  setText(findText(card, ".score"), about);
  setText(findText(card, ".digit"), symbol(answer));
  setText(findText(card, ".certainty"), certainty(answer));
  card.querySelectorAll(".bars li").forEach((bar, digit) => {
    const probability = answer?.probabilities?.[digit] ?? 0;
    bar.classList.toggle("best", digit === answer?.digit);
    findText(bar, "i").style.translate = `0 ${(100 * (1 - probability)).toFixed(1)}%`;
  });
}

/**
 * @param {number} depth
 * @param {Net[]} nets of this depth
 * @param {Answers} answers
 */
function words(depth, nets, answers) {
  const each = nets.map(({ name, title }) => {
    const { digit } = answers[name];
    return t("{net} {digit}", { net: title.toLowerCase(), digit: aDigit(digit) });
  });
  return t("{depth} layers: {each}.", { depth, each: each.join(t(", ")) });
}
