// @ts-check
// Shake it: the drawing on the pad, nudged, in nets that have learnt nothing yet. The page's worker
// computes what comes of it, and where that cannot, the server.

import { chosen, find, findButton, findText, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { bytes, paintChange, paintGrey } from "./pictures.js";
import { ask, onSight } from "./server.js";
import { answerTo } from "./words.js";

const PAIRS = 5; // of new nets: by chance, a single one may behave unlike most

/**
 * @typedef {import("./server.js").Server} Server
 * @typedef {import("./page.js").Variant} Variant
 * @typedef {import("./page.js").Reply} Reply
 *
 * @typedef {object} Props
 * @property {import("./worker/shake.js").Rules} rules
 * @property {{picture: string, label: number}} sample serves while nothing is on the pad
 * @property {[number, string][]} words of a cosine, and the least that earns them
 * @property {number} seeds that there are
 *
 * @typedef {object} Wish
 * @property {string} picture base64 of its grey levels
 * @property {number} label
 * @property {number} layers
 * @property {number} seed
 * @property {number} nudge deviation of the noise
 *
 * @typedef {object} Shaken
 * @property {string} drawn
 * @property {string} nudged
 * @property {Record<Variant, {cosine: number, pictures: string[]}>} nets
 *
 * @typedef {Shaken & {seed: number}} Pair of new nets
 */

/**
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {Server} server
 */
export function mount(element, props, server) {
  new Shake(findText(element, ".shake"), props, server);
}

class Shake {
  /**
   * @param {HTMLElement} element
   * @param {Props} props
   * @param {Server} server
   */
  constructor(element, props, server) {
    this.element = element;
    this.props = props;
    this.server = server;
    this.seed = fresh(props.seeds);
    /** @type {string | null} the pictures that fill the batch, once they have come */
    this.others = null;
    this.isInSight = false;
    this.isAsking = false;
    this.asked = ""; // the last wish
    /** @type {Pair[]} its answers so far */
    this.found = [];
    this.isAnswered = false; // all pairs have come, or an error
    findButton(element, "[data-shake]").addEventListener("click", () => {
      this.seed = fresh(props.seeds);
      this.shake();
    });
    findText(element, ".choices").addEventListener("change", () => this.shake());
    onSight(element, (isInSight) => {
      this.isInSight = isInSight;
      this.shake();
    });
    page.subscribe(["reply", "reading"], () => this.shake());
  }

  /** @returns {Wish} */
  wish() {
    const { reply } = page.state;
    const [layers, nudge] = ["layers", "nudge"].map((name) =>
      Number(chosen(this.element, `shake-${name}`)),
    );
    return { ...(drawingOf(reply) ?? this.props.sample), layers, nudge, seed: this.seed };
  }

  /** Asks for what is wanted now, one pair of nets after the other, while somebody looks. */
  async shake() {
    if (this.isAsking) return;
    this.isAsking = true;
    while (this.isInSight && page.state.reading) {
      const wish = this.wish();
      const asked = JSON.stringify(wish);
      if (asked !== this.asked) Object.assign(this, { asked, found: [], isAnswered: false });
      if (this.isAnswered) break;
      this.element.ariaBusy = "true";
      const seed = (wish.seed + this.found.length) % this.props.seeds;
      const reply = await this.ask({ ...wish, seed });
      setText(findText(this.element, ".trouble"), reply.error ?? "");
      if (!reply.error) {
        this.found.push({ seed, ...reply });
        this.show(wish);
      }
      this.isAnswered = Boolean(reply.error) || this.found.length === PAIRS;
    }
    this.element.ariaBusy = "false";
    this.isAsking = false;
  }

  /**
   * @param {Wish} wish
   * @returns {Promise<any>} Shaken, or {error: one sentence}
   */
  async ask(wish) {
    const { rules } = this.props;
    const company = this.others === null ? await ask(this.server, "company") : {};
    if (company.error) return company;
    this.others ??= company.others;
    const whole = { ...wish, rules, others: `${this.others}` };
    return (await page.state.reading?.shake(whole)) ?? ask(this.server, "shaken", wish);
  }

  /**
   * The first pair at once, and once all are there the middle one, with what they say together.
   * @param {Wish} wish
   */
  show(wish) {
    const { element, found } = this;
    const state = findText(element, ".state");
    element.dataset.first = `${wish.seed}`;
    if (found.length === 1) this.showPair(wish, found[0]);
    if (found.length < PAIRS) {
      const said = { count: found.length, pairs: PAIRS };
      setText(state, t("{count} of {pairs} pairs of new nets …", said));
      return;
    }
    const lead = (/** @type {Pair} */ { nets }) => nets.residual.cosine - nets.plain.cosine;
    this.showPair(wish, middle(found, lead));
    const nets = this.alike();
    for (const [variant, { cosine }] of Object.entries(nets)) {
      findText(element, `[data-net="${variant}"]`).dataset.middle = `${cosine}`;
    }
    setText(state, told(wish, nets));
    page.set({ shaken: { layers: wish.layers, nets } });
  }

  /** @returns {NonNullable<import("./page.js").State["shaken"]>["nets"]} the middle of all pairs */
  alike() {
    const variants = /** @type {Variant[]} */ (Object.keys(this.found[0].nets));
    return /** @type {any} */ (
      Object.fromEntries(
        variants.map((variant) => {
          const { cosine } = middle(
            this.found.map(({ nets }) => nets[variant]),
            (net) => net.cosine,
          );
          return [variant, { cosine, words: this.inWords(cosine) }];
        }),
      )
    );
  }

  /**
   * @param {Wish} wish
   * @param {Pair} pair
   */
  showPair(wish, { seed, drawn, nudged, nets }) {
    const { element } = this;
    for (const [name, levels] of Object.entries({ drawn, nudged })) {
      const canvas = find(element, `[data-picture="${name}"]`, HTMLCanvasElement);
      paintGrey(canvas, bytes(levels));
    }
    for (const [variant, { cosine, pictures }] of Object.entries(nets)) {
      const net = findText(element, `[data-net="${variant}"]`);
      net.querySelectorAll("canvas").forEach((canvas, i) => {
        paintChange(canvas, bytes(pictures[i]));
      });
      net.dataset.cosine = `${cosine}`;
      setText(findText(net, ".likeness b"), capital(this.inWords(cosine)));
      setText(
        findText(net, ".likeness .number"),
        t("cosine {cosine}", { cosine: cosine.toFixed(2) }),
      );
      showStored(net, wish);
    }
    element.dataset.seed = `${seed}`;
  }

  /** @param {number} cosine */
  inWords(cosine) {
    return this.props.words.find(([least]) => cosine >= least)?.[1] ?? "";
  }
}

/**
 * @param {Wish} wish
 * @param {Record<Variant, {words: string}>} nets
 */
function told({ label, layers }, { residual, plain }) {
  const said = { label, layers, pairs: PAIRS, residual: residual.words, plain: plain.words };
  return t(
    "This {label}, {layers} layers, the middle of {pairs} pairs of new nets: with shortcuts {residual}, without {plain}.",
    said,
  );
}

/**
 * @template T
 * @param {T[]} all an odd number
 * @param {(one: T) => number} value
 */
const middle = (all, value) => [...all].sort((a, b) => value(a) - value(b))[(all.length - 1) / 2];

/**
 * Of what is stored of a net, that of this nudge, these layers marked.
 * @param {HTMLElement} net
 * @param {Wish} wish
 */
function showStored(net, { nudge, layers }) {
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (net.querySelectorAll("ol"))) {
    list.hidden = list.dataset.nudge !== `${nudge}`;
  }
  for (const bar of /** @type {NodeListOf<HTMLElement>} */ (net.querySelectorAll("li"))) {
    bar.ariaCurrent = `${bar.dataset.layers === `${layers}`}`;
  }
}

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {number} seeds that there are */
const fresh = (seeds) => Math.floor(Math.random() * seeds);

/**
 * What the nets saw last, as the digit that the first of them finds likeliest; nothing on paper that
 * is blank.
 * @param {Reply | null} reply
 */
function drawingOf(reply) {
  if (!reply) return null;
  const answers = Object.keys(reply.answers).map((net) =>
    answerTo(reply, /** @type {import("./page.js").Variant} */ (net)),
  );
  const answer = answers.find(({ probabilities }) => probabilities);
  if (!answer?.probabilities) return null;
  const label = answer.probabilities.indexOf(Math.max(...answer.probabilities));
  return { picture: reply.picture, label };
}
