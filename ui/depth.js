// @ts-check
// The tab of depth: its figure, once a visitor looks, and the gradient thermometer.

import { chosen, find, findButton, findText, make } from "./dom.js";
import { ask, askWhenSeen } from "./server.js";

/**
 * @typedef {import("./server.js").Server} Server
 * @typedef {(number | null)[]} Gradients from the stem to the head, null for no finite number
 * @typedef {Record<string, Gradients>} Nets
 * @typedef {{stored: Record<string, {nets: Nets, says: string}>}} Props medians by choice: "34 true end"
 * @typedef {{low: number, high: number}} Scale powers of ten
 */

/**
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {Server} server
 */
export function mount(element, props, server) {
  const measured = findText(element, ".measured");
  askWhenSeen(element, server, "measured", ({ figures = "" }) => {
    measured.innerHTML = figures;
    measured.setAttribute("aria-busy", "false");
  });
  new Thermometer(element, props, server);
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
    if (found) this.draw(found.nets, found.says);
    else {
      this.draw({}, "No runs are stored here. Send an error back to see what becomes of it.");
    }
  }

  async sendBack() {
    find(this.element, '[name="depth-when"][value="start"]', HTMLInputElement).checked = true;
    this.send.disabled = true;
    this.says.textContent = "On its way …";
    const asked = this.choice();
    const reply = await ask(this.server, "send", asked);
    this.send.disabled = false;
    const isNewest = JSON.stringify(asked) === JSON.stringify(this.choice());
    if (!isNewest || this.when !== "start") return; // another choice since
    if (reply.error) this.says.textContent = reply.error;
    else this.draw(reply.nets, reply.says);
  }

  /**
   * @param {Nets} nets
   * @param {string} sentence
   */
  draw(nets, sentence) {
    this.says.textContent = sentence;
    const scale = scaleOf([nets, ...this.alike()]);
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (
      this.element.querySelectorAll("[data-net]")
    )) {
      const values = nets[`${row.dataset.net}`] ?? [];
      fill(findText(row, ".bars"), values, scale);
      findText(row, ".ticks").replaceChildren(...(values.length > 0 ? ticks(scale) : []));
      row.dataset.stem = `${values[0] ?? ""}`;
    }
    findText(this.element, ".bars-table").replaceChildren(table(nets));
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
 * @param {HTMLElement} bars
 * @param {Gradients} values
 * @param {Scale} scale
 */
function fill(bars, values, { low, high }) {
  while (bars.children.length > values.length) bars.lastElementChild?.remove();
  while (bars.children.length < values.length) bars.append(make("i"));
  values.forEach((value, place) => {
    const bar = /** @type {HTMLElement} */ (bars.children[place]);
    bar.classList.toggle("lost", value === null);
    const share = value !== null && value > 0 ? (Math.log10(value) - low) / (high - low) : 0;
    bar.style.height = value === null ? "" : `${100 * share}%`;
    bar.title = `${nameOf(place, values.length)}: ${inWords(value)}`;
  });
}

/**
 * @param {number} place
 * @param {number} count
 */
const nameOf = (place, count) =>
  place === 0 ? "stem" : place === count - 1 ? "head" : `unit ${place}`;

/** @param {number | null} value */
const inWords = (value) => (value === null ? "no finite number" : value.toPrecision(2));

/** @param {Scale} scale */
function ticks({ low, high }) {
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const marks = [];
  for (let power = low; power <= high; power += step) {
    const mark = make("span", { textContent: `1e${power}` });
    mark.style.bottom = `${(100 * (power - low)) / (high - low)}%`;
    marks.push(mark);
  }
  return marks;
}

/** @param {Nets} nets */
function table(nets) {
  const names = Object.keys(nets);
  const count = nets[names[0]]?.length ?? 0;
  const head = make("thead", {}, row("th", ["place", ...names]));
  const body = make("tbody");
  for (let place = 0; place < count; place++) {
    const values = names.map((name) => inWords(nets[name][place]));
    body.append(row("td", [nameOf(place, count), ...values]));
  }
  return make("table", { className: "figures" }, head, body);
}

/**
 * @param {"th" | "td"} tag
 * @param {string[]} texts
 */
const row = (tag, texts) =>
  make("tr", {}, ...texts.map((textContent) => make(tag, { textContent })));
