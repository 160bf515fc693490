// @ts-check
// One question is read at a time, and of those that came meanwhile the newest goes next.

/**
 * @template Question, Reply
 * @param {(question: Question) => Promise<Reply>} read
 * @param {(id: number, reply: Reply | null) => void} answer null to a question that a newer one
 *   overtook
 */
export function newestOnly(read, answer) {
  let newest = /** @type {{id: number, question: Question} | null} */ (null);
  let isReading = false;

  return async (/** @type {number} */ id, /** @type {Question} */ question) => {
    if (newest) answer(newest.id, null);
    newest = { id, question };
    if (isReading) return;
    isReading = true;
    while (newest) {
      await othersFirst();
      const { id, question } = newest;
      newest = null;
      answer(id, await read(question));
    }
    isReading = false;
  };
}

/** After the messages that wait already: reading keeps this thread busy, and they may be newer. */
export function othersFirst() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(null);
    };
    port2.postMessage(null);
  });
}
