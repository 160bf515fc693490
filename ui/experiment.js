// @ts-check
// The textbook's experiment: its figures, once a visitor looks, and the check that can be made to
// lie.

import { chosen, findText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { ask, askWhenSeen, onSight } from "./server.js";

/** @typedef {import("./server.js").Server} Server */

/** @type {Record<string, string>} */
const SAYS = { equal: t("equal"), different: t("different") };
const EMPTY = { error: t("The pad is empty: draw a digit, or take the ten samples.") };

/**
 * @param {HTMLElement} element
 * @param {object} _props
 * @param {Server} server
 */
export function mount(element, _props, server) {
  const measured = findText(element, ".measured");
  askWhenSeen(element, server, "measured", ({ error, figures, nets }) => {
    if (!error) {
      measured.innerHTML = figures;
      findText(element, ".nets").innerHTML = nets;
    }
    measured.setAttribute("aria-busy", "false");
  });
  new Proof(element, server);
}

class Proof {
  /**
   * @param {HTMLElement} element
   * @param {Server} server
   */
  constructor(element, server) {
    this.element = element;
    this.server = server;
    this.isInSight = false;
    this.isAsking = false;
    /** @type {string | null} what the newest result answers, as text */
    this.asked = null;

    findText(element, ".switches").addEventListener("change", () => this.check());
    // A file can be dropped on this tab too, and a drawing may still be on its way to the nets.
    page.subscribe(["reply"], () => {
      if (this.isInSight) this.check();
    });
    onSight(element, (isInSight) => {
      this.isInSight = isInSight;
      if (!isInSight) return;
      this.asked = null; // the drawing may be another one
      this.check();
    });
  }

  wish() {
    const { element } = this;
    const isOfDrawing = chosen(element, "proof-input") === "drawing";
    const flaws = /** @type {NodeListOf<HTMLElement>} */ (
      element.querySelectorAll("[data-flaw]:checked")
    );
    return {
      isEmpty: isOfDrawing && !page.state.reply,
      weights: chosen(element, "proof-weights"),
      flaws: [...flaws].map((box) => box.dataset.flaw),
      picture: isOfDrawing ? (page.state.reply?.picture ?? null) : null,
    };
  }

  /** One question at a time; when its answer is there, the next is about what is wanted then. */
  async check() {
    if (this.isAsking) return;
    const { isEmpty, ...wish } = this.wish();
    if (isEmpty) {
      this.asked = null;
      this.tell(EMPTY); // the server would take the ten samples
      return;
    }
    const text = JSON.stringify(wish);
    if (text === this.asked) return;
    this.isAsking = true;
    const reply = await ask(this.server, "check", wish);
    this.isAsking = false;
    this.asked = reply.error ? null : text; // what failed is tried anew at the next touch or look
    this.tell(reply);
    const { isEmpty: _, ...newest } = this.wish();
    if (JSON.stringify(newest) !== text) this.check();
  }

  /** @param {any} reply */
  tell({ error, says, isRight, printed, sentence, largest }) {
    const lies = Boolean(says && !isRight);
    const result = findText(this.element, ".result");
    result.classList.toggle("lies", lies);
    result.dataset.says = says ?? "";
    findText(result, ".printed").textContent = printed ?? "–";
    findText(result, ".says").textContent = lies
      ? t("{says} – a lie", { says: SAYS[says] })
      : (SAYS[says] ?? "");
    findText(result, ".sentence").textContent = error ?? sentence;
    findText(result, ".really").textContent = largest
      ? t("max |difference| of the logits is {largest}", { largest })
      : "";
  }
}
