// @ts-check
// All nets that are left when units are taken out: what they say of the drawing is asked for while
// they are in sight, one net's triangle after the other.

import { findText, isTouch, make, setContent, setText } from "./dom.js";
import { t } from "./language.js";
import { drawingOf, page } from "./page.js";
import { Triangle } from "./paths_triangle.js";
import { finding } from "./paths_words.js";
import { ask, onSight } from "./server.js";
import { speak } from "./spoken.js";

/** @typedef {import("./server.js").Server} Server */

const UNPOINTED = t(
  "Point at a dot, or go to one with Tab and the arrow keys, to see its units on the board.",
);
const UNTOUCHED = t("Tap a dot to unplug its units on the board.");

/**
 * @param {HTMLElement} element
 * @param {{nets: import("./paths_words.js").Net[]}} props
 * @param {Server} server
 */
export function mount(element, { nets }, server) {
  const triangles = nets.map((net) => new Triangle(findText(element, ".nets"), net));
  const asker = new Asker(element, triangles, server);
  page.subscribe(["reply", "isAsking", "isPenDown"], () => asker.update());
  onSight(findText(element, ".nets"), (isInSight) => {
    asker.isInSight = isInSight;
    asker.update();
  });
  page.subscribe(["path"], () => showPointed(element, triangles));
  page.subscribe(["board"], ({ board }) => {
    for (const triangle of triangles) triangle.mark(board?.units ?? []);
  });
}

/**
 * @param {HTMLElement} element
 * @param {Triangle[]} triangles
 */
function showPointed(element, triangles) {
  const words = triangles.map((triangle) => triangle.pointedAt()).find(Boolean);
  setText(findText(element, ".pointed"), words ?? (isTouch() ? UNTOUCHED : UNPOINTED));
}

class Asker {
  /**
   * @param {HTMLElement} element
   * @param {Triangle[]} triangles
   * @param {Server} server
   */
  constructor(element, triangles, server) {
    this.element = element;
    this.triangles = triangles;
    this.server = server;
    this.isInSight = false;
    this.isAsking = false;
    this.speak = speak(findText(element, ".said"), findText(element, ".spoken"), element);
  }

  async update() {
    if (!page.state.reply) for (const triangle of this.triangles) triangle.show("", null);
    this.render();
    if (this.isAsking) return;
    this.isAsking = true;
    for (let next = this.next(); next; next = this.next()) {
      await new Promise(requestAnimationFrame); // the pad's answers are to be seen first
      if (next === this.next()) await this.ask(next);
    }
    this.isAsking = false;
  }

  /** A triangle of another drawing; none while the pen or the pad has to do, or nobody looks. */
  next() {
    const { reply, isAsking, isPenDown } = page.state;
    if (!reply || isAsking || isPenDown || !this.isInSight) return undefined;
    return this.triangles.find(({ drawing }) => drawing !== drawn());
  }

  /** @param {Triangle} triangle */
  async ask(triangle) {
    const { reply, reading } = page.state;
    if (!reply) return;
    const { board, ...drawing } = reply.asked;
    const question = { ...drawing, net: triangle.net.variant };
    const here = await reading?.paths(question);
    const said = here?.digits ? here : await ask(this.server, "every_way", question);
    if (drawingOf(drawing) !== drawn()) return; // another one stands on the pad by now
    triangle.show(drawn(), said);
    showPointed(this.element, this.triangles);
    this.render();
  }

  /** The finding, once all triangles are of the drawing on the pad. */
  render() {
    const { isPenDown } = page.state;
    const isOld = this.triangles.some(({ drawing }) => drawing !== drawn());
    findText(this.element, ".nets").ariaBusy = `${isPenDown || isOld}`;
    const trouble = this.triangles.map((triangle) => triangle.trouble).find(Boolean);
    setText(findText(this.element, ".trouble"), trouble ?? "");
    if (isPenDown || isOld) return;
    const found = this.triangles.flatMap(({ net, said }) => {
      if (!said) return [];
      const name = make("b", { className: net.variant, textContent: net.title });
      return [name, t(": {finding}. ", { finding: finding(net, said) })];
    });
    const hint = t("Draw a digit, and each of these nets reads it.");
    const sentence = found.length > 0 ? [t("Any two units out. "), ...found] : [hint];
    setContent(findText(this.element, ".said"), sentence);
    this.speak();
  }
}

/** What the answers on the page are of, as text. */
function drawn() {
  const { reply } = page.state;
  return reply ? drawingOf(reply.asked) : "";
}
