// @ts-check
// The fair race. The picture of the stored runs comes from the server; race_curves.js draws the
// visitor's own over it.

import { chosen, find, findButton, findText, setText } from "./dom.js";
import { inARow, t, tn } from "./language.js";
import { drawCurves, fillTable, ofNet } from "./race_curves.js";
import { ask, onSight } from "./server.js";

/**
 * @typedef {import("./server.js").Server} Server
 * @typedef {import("./race_curves.js").Point} Point
 *
 * @typedef {object} Props
 * @property {string[]} nets
 * @property {number} steps of a race
 * @property {Record<string, number | null>} fair the rate at which the stored runs of both together
 *   end best, by depth and batch norm: "34 true"
 *
 * @typedef {object} Race from the click on Start
 * @property {Point[]} points
 * @property {number} fails looks in a row that the server did not answer
 * @property {string} [ticket]
 * @property {number} [seed]
 */

const PAUSE = 250; // ms between two looks
const ALONE = t("A race is trained on a server, and this page has none: it shows the stored runs.");
const FAILS = 8; // looks, two seconds: then the server is not there

/**
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {Server} server
 */
export const mount = (element, props, server) => new FairRace(element, props, server);

class FairRace {
  /**
   * @param {HTMLElement} element
   * @param {Props} props
   * @param {Server} server
   */
  constructor(element, props, server) {
    this.element = element;
    this.props = props;
    this.server = server;
    this.picture = findText(element, ".picture");
    this.stored = findText(element, ".stored");
    this.finding = findText(element, ".finding");
    this.startButton = findButton(element, ".start");
    this.stopButton = findButton(element, ".stop");
    /** @type {Race | null} */
    this.race = null;
    // Where there is no server nobody can train: the stored runs are all there is.
    this.idle = server.start ? "" : ALONE;
    this.startButton.disabled = !server.start;
    for (const ofOwn of [".finding", ".chips", ".thick", ".own-twin"]) {
      findText(element, ofOwn).hidden = !server.start;
    }
    this.choices = 0; // counts them, for a late picture is no longer wanted
    this.hasPicture = false;

    this.startButton.addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.stop());
    findText(element, ".choices").addEventListener("change", (event) => this.choose(event));
    this.sayWhatIsFair();
    this.clear();
    // The server draws when a visitor first sees this tab, not before.
    onSight(element, (isInSight) => {
      if (isInSight && !this.hasPicture) this.showPicture();
    });
  }

  // --- the choice and its picture ----------------------------------------------------------------

  choice() {
    return {
      depth: Number(chosen(this.element, "race-depth")),
      has_norm: chosen(this.element, "race-norm") === "true",
      rate: Number(chosen(this.element, "race-rate")),
    };
  }

  bestRate() {
    const { depth, has_norm } = this.choice();
    return this.props.fair[`${depth} ${has_norm}`] ?? null;
  }

  /** @param {Event} event */
  choose({ target }) {
    const best = this.bestRate();
    if (best !== null && target instanceof HTMLInputElement && target.name !== "race-rate") {
      find(this.element, `[name="race-rate"][value="${best}"]`, HTMLInputElement).checked = true;
    }
    this.clear(); // a race belongs to the picture that it was run on
    this.sayWhatIsFair();
    this.showPicture();
  }

  sayWhatIsFair() {
    const { rate } = this.choice();
    const best = this.bestRate();
    const said = [t("Both nets learn at the same rate, or it would not be fair.")];
    if (best === rate) {
      said.push(t("At {best} the stored runs of both together end best.", { best }));
    } else if (best !== null) {
      said.push(
        t("At {best}, not at {rate}, the stored runs of both together end best.", { best, rate }),
      );
    }
    findText(this.element, ".fair").textContent = inARow(said);
  }

  async showPicture() {
    this.choices += 1;
    const mine = this.choices;
    const reply = await ask(this.server, "course", this.choice());
    if (mine !== this.choices) return;
    this.hasPicture = !reply.error;
    if (reply.error) this.say(reply.error);
    // Another choice's bands would lie under this one: rather none.
    this.picture.innerHTML = reply.picture ?? "";
    this.picture.setAttribute("aria-busy", "false");
    this.stored.innerHTML = reply.stored ?? "";
    this.showPoints();
  }

  showPoints() {
    const points = this.race?.points ?? [];
    drawCurves(this.picture, points, this.props.nets);
    fillTable(findText(this.element, ".own-twin"), points, this.props.nets);
    for (const net of this.props.nets) {
      const right = ofNet(points, net).at(-1)?.right;
      findText(this.element, `.chip.${net} b`).textContent = `${right ?? "–"}`;
    }
  }

  clear() {
    this.race = null;
    this.finding.textContent = "";
    this.say(this.idle);
    this.showPoints();
  }

  // --- the race ----------------------------------------------------------------------------------

  /** @param {string} text */
  say(text) {
    setText(findText(this.element, ".state"), text);
  }

  /** @param {boolean} isRacing */
  be(isRacing) {
    const { startButton, stopButton } = this;
    const [off, on] = isRacing ? [startButton, stopButton] : [stopButton, startButton];
    on.disabled = false;
    if (document.activeElement === off) on.focus(); // a disabled button would lose the keys
    off.disabled = true;
    for (const input of this.element.querySelectorAll("input")) input.disabled = isRacing;
  }

  async start() {
    this.clear();
    this.be(true);
    if (!this.hasPicture) this.showPicture();
    /** @type {Race} */
    const race = { points: [], fails: 0 };
    this.race = race;
    this.say(t("Asking for a race."));
    const { error, ticket, seed } = await ask(this.server, "start", this.choice());
    Object.assign(race, { ticket, seed });
    if (this.race !== race) {
      if (ticket) ask(this.server, "stop", { ticket });
    } else if (error) this.end(error);
    else this.look(race);
  }

  stop() {
    if (!this.race) return;
    const { ticket, points } = this.race;
    if (ticket) ask(this.server, "stop", { ticket });
    const last = points.at(-1);
    const { steps } = this.props;
    const text = last && t("Stopped after step {step} of {steps}.", { step: last.step, steps });
    this.end(text ?? t("Stopped."));
  }

  /** @param {string} text */
  end(text) {
    this.say(text);
    this.race = { points: this.race?.points ?? [], fails: 0 };
    this.be(false);
  }

  /** @param {Race} race */
  async look(race) {
    const since = race.points.length;
    const reply = await ask(this.server, "look", { ticket: race.ticket, since });
    if (this.race !== race) return;
    race.fails = reply.error ? race.fails + 1 : 0;
    if (race.fails > FAILS) {
      this.end(reply.error);
      return;
    }
    if (!reply.error && this.isOver(race, reply)) return;
    setTimeout(() => this.look(race), PAUSE);
  }

  /**
   * Shows what there is of a race, and whether there will be no more.
   * @param {Race} race
   * @param {any} reply
   */
  isOver(race, { points, state, ahead, finding, seconds, fault }) {
    race.points.push(...points);
    if (points.length > 0) this.showPoints();
    if (state === "finished") {
      this.finding.textContent = finding;
      const { steps } = this.props;
      this.end(
        t("Seed {seed}: {steps} steps of both in {seconds} seconds.", {
          seed: `${race.seed}`,
          steps,
          seconds: seconds.toFixed(0),
        }),
      );
    } else if (state === "failed") this.end(fault);
    else if (state === "stopped") {
      this.end(t("Stopped: this page was closed or out of reach."));
    } else {
      this.say(this.progress(race, state === "waiting" ? ahead : 0));
      return false;
    }
    return true;
  }

  /**
   * @param {Race} race
   * @param {number} ahead races that go before
   */
  progress({ seed, points }, ahead) {
    if (ahead > 0) {
      return tn(
        "One race goes before yours. It starts by itself.",
        "{n} races go before yours. It starts by itself.",
        ahead,
      );
    }
    const last = points.at(-1);
    const of = { seed: `${seed}`, step: last?.step ?? 0, steps: this.props.steps };
    if (!last) return t("Seed {seed}: both nets are being made.", of);
    return t("Seed {seed}: step {step} of {steps}.", of);
  }
}
