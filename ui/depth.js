// @ts-check
// The tab of depth: its figures, once a visitor looks, a guess before the first of them, and the
// gradient thermometer.

import { chosen, find, findButton, findText, make, setText } from "./dom.js";
import { inARow, t } from "./language.js";
import { page } from "./page.js";
import { ask, askWhenSeen } from "./server.js";

/**
 * @typedef {import("./server.js").Server} Server
 * @typedef {(number | null)[]} Gradients from the stem to the head, null for no finite number
 * @typedef {Record<string, Gradients>} Nets
 * @typedef {{nets: Nets, says: string, share: Gradients, shareSays: string}} Shown with f's share in
 *   every unit of the net with shortcuts
 * @typedef {object} Props
 * @property {Record<string, Shown>} stored medians by choice: "34 true end"
 * @property {{isSo: boolean, why: string} | null} overfitting whether the deeper net does
 * @typedef {{low: number, high: number}} Scale powers of ten
 * @typedef {{at: number, text: string}} Mark at the side of bars, from 0 to 1
 */

/** @type {Shown} */
const NOTHING = {
  nets: {},
  says: t("No runs are stored here. Send an error back to see what becomes of it."),
  share: [],
  shareSays: "",
};
const PLAIN = { yes: t("Yes."), no: t("No.") };
const RIGHT = { yes: t("You guessed right: yes."), no: t("You guessed right: no.") };
const WRONG = { yes: t("Not quite: yes."), no: t("Not quite: no.") };
/** @type {Record<string, string>} */
const NAMES = { residual: t("residual"), plain: t("plain") };
const HALVES = [0, 0.5, 1].map((at) => ({ at, text: `${100 * at} %` }));

/**
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {Server} server
 */
export function mount(element, props, server) {
  askWhenSeen(element, server, "measured", ({ figures = {} }) => {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (
      element.querySelectorAll("[data-figure]")
    )) {
      place.innerHTML = figures[`${place.dataset.figure}`] ?? "";
      place.setAttribute("aria-busy", "false");
    }
  });
  if (props.overfitting) askFirst(element, props.overfitting);
  new Thermometer(element, props, server);
}

/**
 * A guess first, then the figure.
 * @param {HTMLElement} element
 * @param {{isSo: boolean, why: string}} overfitting
 */
function askFirst(element, { isSo, why }) {
  const truth = isSo ? "yes" : "no";
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (
    element.querySelectorAll("[data-guess]")
  );
  const asks = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll("[data-asks]"));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { guess } = button.dataset;
      for (const other of buttons) {
        other.setAttribute("aria-pressed", `${other === button && guess !== ""}`);
      }
      const answers = guess === "" ? PLAIN : guess === truth ? RIGHT : WRONG;
      setText(findText(element, ".answer"), inARow([answers[truth], why]));
      findText(element, ".revealed").hidden = false;
      for (const place of asks) place.hidden = guess === "" && page.state.tour > 0; // the tour asked
    });
  }
}

class Thermometer {
  /**
   * @param {HTMLElement} element
   * @param {Props} props
   * @param {Server} server
   */
  constructor(element, { stored }, server) {
    this.element = element;
    this.stored = stored;
    this.server = server;
    this.says = findText(element, ".says");
    this.send = findButton(element, "[data-send]");
    findText(element, ".choices").addEventListener("change", () => this.showStored());
    this.send.addEventListener("click", () => this.sendBack());
    this.showStored();
  }

  choice() {
    return {
      depth: Number(chosen(this.element, "depth-depth")),
      has_norm: chosen(this.element, "depth-norm") === "true",
    };
  }

  get when() {
    return chosen(this.element, "depth-when");
  }

  /** What is stored of the choice: medians over seeds, and the sentence that follows from them. */
  showStored() {
    const { depth, has_norm } = this.choice();
    const found = this.stored[`${depth} ${has_norm} ${this.when}`];
    this.draw(found ?? NOTHING);
  }

  async sendBack() {
    find(this.element, '[name="depth-when"][value="start"]', HTMLInputElement).checked = true;
    this.send.disabled = true;
    this.says.textContent = t("On its way …");
    const asked = this.choice();
    const reply = await ask(this.server, "send", asked);
    this.send.disabled = false;
    const isNewest = JSON.stringify(asked) === JSON.stringify(this.choice());
    if (!isNewest || this.when !== "start") return; // another choice since
    if (reply.error) this.says.textContent = reply.error;
    else this.draw(reply);
  }

  /** @param {Shown} shown */
  draw({ nets, says, share, shareSays }) {
    setText(this.says, says);
    const scale = scaleOf([nets, ...this.alike()]);
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (
      this.element.querySelectorAll("[data-net]")
    )) {
      const values = nets[`${row.dataset.net}`] ?? [];
      const name = (/** @type {number} */ place) => nameOf(place, values.length);
      fill(row, values, (value) => heightOf(value, scale), name, powers(scale));
      row.dataset.stem = `${values[0] ?? ""}`;
    }
    const row = findText(this.element, "[data-share]");
    fill(
      row,
      share,
      (value) => value,
      (place) => t("unit {n}", { n: place + 1 }),
      HALVES,
    );
    setText(findText(row, ".share-says"), shareSays);
    findText(this.element, ".bars-table").replaceChildren(table(nets, share));
  }

  /** What is stored of the same choice at every depth. */
  alike() {
    const { has_norm } = this.choice();
    return Object.entries(this.stored)
      .filter(([choice]) => choice.endsWith(` ${has_norm} ${this.when}`))
      .map(([, { nets }]) => nets);
  }
}

/**
 * Whole powers of ten around all that is finite. One scale for both nets and, or a bar could not be
 * seen to grow with depth, for all depths.
 * @param {Nets[]} shown
 * @returns {Scale}
 */
function scaleOf(shown) {
  const logs = shown
    .flatMap((nets) => Object.values(nets).flat())
    .flatMap((value) => (value !== null && value > 0 ? [Math.log10(value)] : []));
  if (logs.length === 0) return { low: -1, high: 0 };
  const low = Math.floor(Math.min(...logs) - 0.3);
  return { low, high: Math.max(Math.ceil(Math.max(...logs)), low + 1) };
}

/**
 * A bar a place, and marks at the side.
 * @param {HTMLElement} row
 * @param {Gradients} values
 * @param {(value: number) => number} height of a bar, from 0 to 1
 * @param {(place: number) => string} name
 * @param {Mark[]} marks
 */
function fill(row, values, height, name, marks) {
  const bars = findText(row, ".bars");
  while (bars.children.length > values.length) bars.lastElementChild?.remove();
  while (bars.children.length < values.length) bars.append(make("i"));
  values.forEach((value, place) => {
    const bar = /** @type {HTMLElement} */ (bars.children[place]);
    bar.classList.toggle("lost", value === null);
    bar.style.height = value === null ? "" : `${100 * height(value)}%`;
    bar.title = `${name(place)}: ${inWords(value)}`;
  });
  findText(row, ".ticks").replaceChildren(...(values.length > 0 ? marks.map(tick) : []));
}

/**
 * @param {number} value
 * @param {Scale} scale
 */
const heightOf = (value, { low, high }) =>
  value > 0 ? (Math.log10(value) - low) / (high - low) : 0;

/**
 * @param {number} place
 * @param {number} count
 */
const nameOf = (place, count) =>
  place === 0 ? t("stem") : place === count - 1 ? t("head") : t("unit {n}", { n: place });

/** @param {number | null} value */
const inWords = (value) => (value === null ? t("no finite number") : value.toPrecision(2));

/**
 * @param {Scale} scale
 * @returns {Mark[]}
 */
function powers({ low, high }) {
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const marks = [];
  for (let power = low; power <= high; power += step) {
    marks.push({ at: (power - low) / (high - low), text: `1e${power}` });
  }
  return marks;
}

/** @param {Mark} mark */
function tick({ at, text }) {
  const mark = make("span", { textContent: text });
  mark.style.bottom = `${100 * at}%`;
  return mark;
}

/**
 * @param {Nets} nets
 * @param {Gradients} share
 */
function table(nets, share) {
  const names = Object.keys(nets);
  const count = nets[names[0]]?.length ?? 0;
  const head = make(
    "thead",
    {},
    row("th", [t("place"), ...names.map((name) => NAMES[name] ?? name), t("share of f")]),
  );
  const body = make("tbody");
  for (let place = 0; place < count; place++) {
    const values = names.map((name) => inWords(nets[name][place]));
    const isUnit = place > 0 && place <= share.length; // the stem has no f, nor has the head
    const part = isUnit ? inWords(share[place - 1]) : "";
    body.append(row("td", [nameOf(place, count), ...values, part]));
  }
  return make("table", { className: "figures" }, head, body);
}

/**
 * @param {"th" | "td"} tag
 * @param {string[]} texts
 */
const row = (tag, texts) =>
  make("tr", {}, ...texts.map((textContent) => make(tag, { textContent })));
