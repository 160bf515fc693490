// @ts-check
// The replay: how a drawing grew, what each net said meanwhile, and where it changed its mind.

import { find, findButton, findText, make, setText } from "./dom.js";
import { inARow, t } from "./language.js";
import { paintOn } from "./pad_paint.js";
import { page } from "./page.js";
import { contextOf } from "./pictures.js";
import { film } from "./replay_film.js";
import { History } from "./replay_history.js";
import { rounded, spansOf, storyOf } from "./replay_words.js";
import { save } from "./save.js";
import { speak } from "./spoken.js";
import { aDigit, stateOf } from "./words.js";

/** @typedef {import("./replay_words.js").Net} Net */

const WAIT = t("Draw a digit with the pen: here you see when each net made up its mind.");
const AGAIN = t(
  "These nets have answered once so far: draw on, or anew, to see each make up its mind.",
);
const NARROWEST = 0.04; // share of the line that is wide enough for a digit

/**
 * @param {HTMLElement} element
 * @param {{nets: Net[]}} props
 */
export const mount = (element, { nets }) => new Replay(element, nets);

class Replay {
  /**
   * @param {HTMLElement} element
   * @param {Net[]} nets
   */
  constructor(element, nets) {
    this.element = element;
    this.nets = nets;
    this.history = new History();
    this.play = findButton(element, ".play");
    this.save = findButton(element, ".save");
    this.slider = find(element, "input", HTMLInputElement);
    this.frame = 0; // of the animation, 0 while it stands

    page.subscribe(["reply"], ({ reply }) => this.history.note(reply, performance.now()));
    page.subscribe(["reply", "isPenDown", "isAsking"], () => this.update());
    speak(findText(element, ".story"), findText(element, ".spoken"), element);
    this.slider.addEventListener("input", () => {
      this.stop();
      this.show(this.slider.valueAsNumber / 100);
    });
    this.play.addEventListener("click", () => this.start());
    this.save.addEventListener("click", () => this.keep());
    // Light and dark are a class on the body: the ink follows.
    const repaint = () => this.show(this.slider.valueAsNumber / 100);
    new MutationObserver(repaint).observe(document.body, { attributeFilter: ["class"] });
  }

  /** Not while the pen draws: that has the time to itself. */
  update() {
    const { isPenDown, isAsking } = page.state;
    if (isPenDown) this.stop();
    if (isPenDown || isAsking) return;
    const isThere = this.history.moments.length > 1;
    this.play.disabled = this.save.disabled = this.slider.disabled = !isThere;
    setText(findText(this.element, ".story"), this.story(isThere));
    for (const net of this.nets) this.showSpans(net, isThere);
    this.stop();
    this.slider.value = "100";
    this.show(1);
  }

  /** @param {boolean} isThere */
  story(isThere) {
    const { moments, units } = this.history;
    const isAltered = units.length > 0;
    if (!isThere) return isAltered ? AGAIN : WAIT;
    const state = isAltered ? stateOf(units, this.nets.length) : "";
    return inARow([state, storyOf(moments, this.nets)]);
  }

  /** @param {Net} net */
  courseOf({ variant }) {
    return findText(this.element, `[data-course="${variant}"]`);
  }

  /**
   * @param {Net} net
   * @param {boolean} isThere
   */
  showSpans(net, isThere) {
    const spans = isThere ? spansOf(this.history.moments, net.variant) : [];
    const end = spans[spans.length - 1]?.digit;
    const shown = spans.map(({ digit, from, to }, i) => {
      const className = digit === end ? "last" : "";
      // What a net says in the end has room, however late it came to it.
      const left = i === spans.length - 1 ? Math.min(from, 1 - NARROWEST) : from;
      const span = make("span", { className, textContent: `${digit ?? "?"}` });
      span.style.left = `${100 * left}%`;
      span.style.width = `${100 * (to - left)}%`;
      return span;
    });
    findText(this.courseOf(net), ".spans").replaceChildren(...shown);
  }

  /**
   * The drawing and the answers when this share of the line was there.
   * @param {number} share
   */
  show(share) {
    const moment = this.history.at(share);
    const canvas = find(this.element, "canvas", HTMLCanvasElement);
    const { paper } = page.state;
    const strokes = moment ? this.history.drawnAt(moment) : [];
    paintOn(
      contextOf(canvas),
      { strokes, picture: null },
      {
        units: paper.sheet,
        pen: paper.pen,
        ink: getComputedStyle(canvas).color,
        side: canvas.width,
      },
    );
    const words = this.nets.map((net) => {
      const said = moment?.said[net.variant];
      const course = this.courseOf(net);
      const read = said ? `${said.digit ?? "?"}` : "–";
      setText(findText(course, ".digit"), read);
      course.style.setProperty("--count", `${read.length}`);
      const isShown = said && said.digit !== null && read.length === 1; // a number takes the room
      const sure = isShown ? `${(100 * said.certainty).toFixed(1)} %` : "";
      setText(findText(course, ".certainty"), sure);
      return `${net.title.toLowerCase()} ${aDigit(said?.digit ?? null)}`;
    });
    this.slider.setAttribute("aria-valuetext", `${rounded(share)}: ${words.join(", ")}`);
  }

  /** From the first answer to the last, as fast as they came. */
  start() {
    this.stop();
    const { moments } = this.history;
    const began = performance.now();
    const end = moments[moments.length - 1].time;
    const step = () => {
      const time = Math.min(end, performance.now() - began);
      const moment = moments.findLast((one) => one.time <= time) ?? moments[0];
      this.slider.value = `${100 * moment.share}`;
      this.show(moment.share);
      this.frame = time < end ? requestAnimationFrame(step) : 0;
    };
    step();
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  async keep() {
    const name = this.save.textContent ?? "";
    this.save.disabled = true;
    setText(this.save, t("Saving …"));
    await save(await film(this.history, this.nets), "with-and-without-shortcuts.gif");
    setText(this.save, name);
    this.save.disabled = false;
  }
}
