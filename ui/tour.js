// @ts-check
// The tour knows no answer: it sets the stage, and says what the nets then did with this drawing.

import { find, findButton, findText, make, setText } from "./dom.js";
import { inCorner, lent } from "./drawing.js";
import { page, wholeUnits } from "./page.js";
import { aDigit, effect, measured } from "./words.js";

/**
 * @typedef {import("./page.js").Reply} Reply
 * @typedef {import("./page.js").Unit} Unit
 *
 * @typedef {object} Props
 * @property {{variant: import("./page.js").Variant, title: string}[]} nets
 * @property {number} units of each net
 * @property {import("./page.js").Lab} corner how a drawing is prepared that is to stay in its corner
 *
 * @typedef {object} Step
 * @property {string} ask
 * @property {Partial<Unit>} unit what is done to unit 2
 * @property {boolean} isInCorner whether the drawing goes there
 */

const ALTERED = 2; // the unit
const [MARGIN, SIZE] = [60, 380]; // units of the pad: where the small drawing stands, how large

/** @type {Step[]} */
const STEPS = [
  {
    ask: "1 of 3 · Unplug unit 2: it is gone from both nets. What becomes of your digit?",
    unit: { is_out: true },
    isInCorner: false,
  },
  {
    ask: "2 of 3 · Cut the shortcut of unit 2: only f is left of it. What becomes of your digit?",
    unit: { has_shortcut: false },
    isInCorner: false,
  },
  {
    ask: "3 of 3 · Draw it in the corner, small, and nobody crops or centres it. Who still reads it?",
    unit: {},
    isInCorner: true,
  },
];

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
export const mount = (element, props) => new Tour(element, props);

class Tour {
  /**
   * @param {HTMLElement} element
   * @param {Props} props
   */
  constructor(element, props) {
    this.props = props;
    this.tour = findText(element, ".tour");
    this.told = findText(element, ".told");
    this.guesses = find(element, ".guesses", HTMLFormElement);
    this.results = findText(element, ".results");
    this.next = findButton(element, ".next");
    this.step = 0; // 0 before the tour, then 1 to 3, then 4 at its end
    this.isLooking = false; // the guess is made
    this.isShown = false; // and what came of it is on the page
    /** @type {Reply["answers"] | null} what the whole nets said to the drawing as it was */
    this.before = null;
    /** @type {import("./drawing.js").Drawing | null} while a small one stands in its place */
    this.kept = null;

    this.next.addEventListener("click", () => this.goOn());
    this.guesses.addEventListener("change", () => this.render());
    this.guesses.addEventListener("submit", (event) => event.preventDefault());
    findButton(element, ".close").addEventListener("click", () => this.close());
    page.subscribe(["reply"], ({ reply }) => this.note(reply));
  }

  /** The step that one is in, if any. */
  get now() {
    return STEPS[this.step - 1];
  }

  get wanted() {
    const how = this.isLooking ? this.now.unit : {};
    return wholeUnits(this.props.units).map((unit, i) =>
      i === ALTERED - 1 ? { ...unit, ...how } : unit,
    );
  }

  goOn() {
    if (this.step > STEPS.length) this.close();
    else if (this.isLooking || this.step === 0) this.go(this.step + 1);
    else this.look();
  }

  /** @param {number} step */
  go(step) {
    this.step = step;
    this.isLooking = this.isShown = false;
    this.before = null;
    this.putBack();
    this.guesses.reset();
    this.note(page.state.reply);
  }

  /** Drawing, lab and board as they were, in one change: that is one question. */
  putBack() {
    const { drawing, board } = page.state;
    page.set({
      lab: null,
      board: board && { ...board, units: wholeUnits(this.props.units) },
      drawing: drawing.isLent && this.kept ? this.kept : drawing,
    });
    this.kept = null;
  }

  look() {
    this.isLooking = true;
    this.results.replaceChildren();
    const { drawing, board, lab } = page.state;
    const { isInCorner } = this.now;
    if (isInCorner) this.kept = drawing;
    page.set({
      lab: isInCorner ? this.props.corner : lab,
      board: board && { ...board, units: this.wanted },
      drawing: isInCorner ? lent(inCorner(drawing.strokes, MARGIN, SIZE)) : drawing,
    });
    this.render();
  }

  close() {
    if (this.step > 0) this.putBack();
    this.step = 0;
    this.tour.hidden = true;
  }

  /** @param {Reply | null} reply */
  note(reply) {
    if (this.now) {
      if (!reply) {
        if (!this.isLooking) this.before = null; // the pad is empty
      } else if (this.isOurs(reply)) {
        if (this.isLooking) this.show(reply);
        // Only strokes can be moved into the corner.
        else this.before = this.now.isInCorner && !reply.asked.strokes ? null : reply.answers;
      }
    }
    this.render();
  }

  /**
   * Whether this is the answer to what the step has set up, or to something older.
   * @param {Reply} reply
   */
  isOurs({ asked }) {
    const isInCorner = this.isLooking && this.now.isInCorner;
    if (Boolean(asked.lab) !== isInCorner) return false;
    const units = asked.board?.units ?? wholeUnits(this.props.units);
    return JSON.stringify(units) === JSON.stringify(this.wanted);
  }

  /** @param {Reply} reply */
  show({ answers }) {
    if (this.isShown || !this.before) return;
    const before = this.before;
    this.isShown = true;
    this.results.replaceChildren(
      ...this.props.nets.map(({ variant, title }) => {
        const [was, is] = [before[variant].digit, answers[variant].digit];
        const reads = was === is ? `still ${aDigit(is)}` : `now ${aDigit(is)} (was ${aDigit(was)})`;
        const isRight = this.guessed(variant) === (was === is ? "reads" : "loses");
        const verdict = isRight ? " You guessed it." : " Not quite.";
        return make(
          "p",
          { className: variant },
          make("b", { textContent: title }),
          `: ${reads}.`,
          make("em", { textContent: verdict }),
          this.figures(variant),
        );
      }),
    );
  }

  /** @param {import("./page.js").Variant} variant */
  figures(variant) {
    const net = page.state.nets.find((one) => one.variant === variant);
    if (!net || this.now.isInCorner) return "";
    return ` Measured: ${measured(net, effect(this.wanted, net)).text}.`;
  }

  /** @param {string} variant */
  guessed(variant) {
    return new FormData(this.guesses).get(`guess-${variant}`);
  }

  render() {
    const { step, now, isLooking, isShown, before } = this;
    const isGuessed = this.props.nets.every(({ variant }) => this.guessed(variant));
    this.tour.dataset.step = `${step}`;
    this.guesses.hidden = !now || isLooking;
    this.results.hidden = !now || !isLooking;
    setText(this.told, this.sentence());
    this.next.textContent = step === 0 ? "Start" : !now ? "Done" : isLooking ? "Next" : "Look";
    this.next.disabled = Boolean(now) && (isLooking ? !isShown : !before || !isGuessed);
  }

  sentence() {
    if (this.step === 0) return "New here? Three things to try, in a minute.";
    if (!this.now) return "That was it; all is put back. Now unplug what you like.";
    if (this.isLooking) return this.isShown ? "With your drawing:" : "Looking …";
    return this.before ? this.now.ask : "Draw a digit with the pen first.";
  }
}
