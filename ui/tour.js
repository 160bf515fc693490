// @ts-check
// The tour: a bar at the foot of the page. A guess, a look, and on.

import { bringUp, find, findButton, findText, make, setText } from "./dom.js";
import { t } from "./language.js";
import { page, wholeUnits } from "./page.js";
import { stepsOf } from "./tour_steps.js";

const MORAL = t(
  "Shortcuts let very deep nets learn. A net that learnt with them leans on them: cut one, and it may fail.",
);

/**
 * @param {HTMLElement} element
 * @param {import("./tour_steps.js").Props} props
 */
export const mount = (element, props) => new Tour(element, props);

class Tour {
  /**
   * @param {HTMLElement} element
   * @param {import("./tour_steps.js").Props} props
   */
  constructor(element, props) {
    this.props = props;
    this.steps = stepsOf(props);
    this.tour = findText(element, ".tour");
    this.told = findText(element, ".told");
    this.guesses = find(element, ".guesses", HTMLFormElement);
    this.results = findText(element, ".results");
    this.next = findButton(element, ".next");
    this.number = 0; // of the step, from 1; 0 out of the tour, one more than there are at its end
    this.isLooking = false; // the guess is made
    this.isShown = false; // and what came of it is on the page

    this.next.addEventListener("click", () => this.goOn());
    this.guesses.addEventListener("change", () => this.render());
    this.guesses.addEventListener("submit", (event) => event.preventDefault());
    findButton(element, ".close").addEventListener("click", () => this.close());
    page.subscribe(["tour"], ({ tour }) => {
      if (tour !== this.number) this.go(tour);
    });
    page.subscribe(["reply", "shaken"], () => this.render());
  }

  /** The step that one is in, if any. */
  get now() {
    return this.steps[this.number - 1];
  }

  goOn() {
    if (!this.now) this.close();
    else if (this.isLooking) page.set({ tour: this.number + 1 });
    else {
      this.isLooking = true;
      this.now.look();
      this.render();
    }
  }

  /** @param {number} number */
  go(number) {
    const isNew = this.number === 0 && number > 0;
    this.number = Math.min(number, this.steps.length + 1);
    this.isLooking = this.isShown = false;
    const { board } = page.state;
    page.set({
      tour: this.number,
      board: board && { ...board, units: wholeUnits(this.props.units) },
    });
    this.guesses.replaceChildren(...(this.now?.guesses ?? []).map(asked));
    this.results.replaceChildren();
    this.tour.hidden = this.number === 0;
    if (this.number === 1) page.set({ tab: "draw" });
    this.render();
    if (this.number === 1) bringUp(this.now.place);
    if (isNew) this.tour.focus();
  }

  close() {
    page.set({ tour: 0, tab: "draw" });
  }

  /** Puts what came of the step beside the guesses, once; true if that was now. */
  show() {
    const results = this.isLooking && !this.isShown ? this.now?.results() : null;
    if (!results) return false;
    this.isShown = true;
    this.results.replaceChildren(
      ...results.map(({ name, value, text }) => {
        const { title } = /** @type {import("./tour_steps.js").Guess} */ (
          this.now.guesses.find((guess) => guess.name === name)
        );
        const verdict = this.guessed(name) === value ? t(" You guessed it.") : t(" Not quite.");
        return make(
          "p",
          { className: name },
          make("b", { textContent: title }),
          ` ${text}`,
          make("em", { textContent: verdict }),
        );
      }),
    );
    return true;
  }

  /** @param {string} name */
  guessed(name) {
    return new FormData(this.guesses).get(name);
  }

  render() {
    const comesNow = this.show();
    const { number, now, isLooking, isShown } = this;
    const lacks = now && !isLooking ? now.lacks() : "";
    const isGuessed = now?.guesses.every(({ name }) => this.guessed(name)) ?? true;
    this.tour.dataset.step = `${number}`;
    this.guesses.hidden = !now || isLooking;
    this.results.hidden = !isLooking;
    setText(this.told, this.sentence(lacks));
    this.next.textContent = !now ? t("Done") : isLooking ? t("Next") : t("Look");
    this.next.disabled = isLooking ? !isShown : Boolean(lacks) || !isGuessed;
    document.documentElement.style.scrollPaddingBottom = `${this.tour.offsetHeight}px`;
    if (comesNow) bringUp(now.place); // the bar may be higher than it was
  }

  /** @param {string} lacks */
  sentence(lacks) {
    if (!this.now) return this.number === 0 ? "" : MORAL;
    const place = { number: this.number, all: this.steps.length };
    const text = this.isShown ? t("What came of it:") : t("Looking …");
    return t("{number} of {all} · {text}", {
      ...place,
      text: this.isLooking ? text : lacks || this.now.ask,
    });
  }
}

/** @param {import("./tour_steps.js").Guess} guess */
function asked({ name, title, options }) {
  return make(
    "fieldset",
    { className: `guess ${name}` },
    make("legend", { textContent: title }),
    ...options.map(([value, text]) =>
      make("label", {}, make("input", { type: "radio", name, value }), text),
    ),
  );
}
