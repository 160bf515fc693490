// @ts-check
// Who reads the drawings: the server, until this page's worker can, and then the worker. Where that
// cannot, the server goes on; where there is no server, the worker has to.

/**
 * @typedef {import("./page_worker.js").PageWorker} PageWorker
 * @typedef {import("./page.js").Question} Question
 * @typedef {(question: Question) => Promise<any>} Read a reply; nothing, or an error, where there is
 *   none
 */

const PATIENCE = 2000; // ms that one of both has, where the other might be quicker

export class Reading {
  /**
   * @param {Read | null} server null where there is none
   * @param {() => Promise<PageWorker>} start
   */
  constructor(server, start, { patience = PATIENCE } = {}) {
    this.server = server;
    this.start = start;
    this.patience = patience;
    /** @type {PageWorker | null} once it is ready, until it fails */
    this.worker = null;
    /** @type {Promise<void> | null} */
    this.started = null;
    this.failure = "";
  }

  /** Loads the worker behind what is going on; a second call changes nothing. */
  prepare() {
    if (this.started) return this.started;
    const started = this.start().then(
      (worker) => {
        if (this.started === started) this.worker = worker;
        else worker.end(); // of nets that were renewed meanwhile
      },
      (error) => {
        if (this.started === started) this.lose(error);
      },
    );
    this.started = started;
    return started;
  }

  /** Loads the worker anew, with the files that the server has now. */
  renew() {
    const { worker, started } = this;
    this.worker = null;
    this.started = null;
    worker?.end();
    if (started) this.prepare();
  }

  /** @param {Error} error */
  lose({ message }) {
    this.worker = null;
    this.failure = message;
  }

  /**
   * The reply, and whether it was made here.
   * @param {Question} question
   * @returns {Promise<any>}
   */
  async read(question) {
    if (!this.server) {
      await this.prepare();
      return (await this.readHere(question)) ?? { error: this.failure };
    }
    // A file goes where every kind of it has been tried, as long as somebody is there.
    if (question.image !== undefined && this.worker) {
      const reply = await within(this.patience, this.server(question));
      return reply ?? this.readHere(question);
    }
    const reply = this.worker && (await within(this.patience, this.readHere(question)));
    return reply ?? this.server(question);
  }

  /** @param {Question} question */
  async readHere(question) {
    try {
      const reply = await this.worker?.read(question);
      return reply && { ...reply, isHere: true };
    } catch (error) {
      this.lose(/** @type {Error} */ (error));
      return null;
    }
  }

  /**
   * What the tab of mistakes wants to show; nothing where the worker does not have it.
   * @param {number[]} indices of test digits
   */
  async digits(indices) {
    return this.worker?.digits(indices).catch(() => null);
  }

  /**
   * What nets beside the pad's say to a picture; nothing where the worker cannot read it.
   * @param {string} list the address of their list
   * @param {Uint8Array} levels of grey
   */
  async deeper(list, levels) {
    return this.worker?.deeper(list, levels).catch(() => null);
  }

  /**
   * What all nets say that are left of one with units out; nothing where the worker cannot tell.
   * @param {import("./page.js").PathsQuestion} question
   */
  async paths(question) {
    return this.worker?.paths(question).catch(() => null);
  }

  /**
   * What a nudge does to the gradients of new nets; nothing where the worker cannot tell.
   * @param {import("./worker/shake.js").Wish} wish
   */
  async shake(wish) {
    if (!this.server) await this.prepare();
    return this.worker?.shake(wish).catch(() => null);
  }
}

/**
 * What a promise comes to; nothing if it takes longer, or fails.
 * @param {number} patience ms
 * @param {Promise<any>} promise
 */
function within(patience, promise) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), patience);
    promise
      .then(resolve, () => resolve(null))
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
