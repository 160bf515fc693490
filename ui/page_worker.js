// @ts-check
// The page's end of its worker (worker/worker.js), which reads drawings in this browser.

import { t } from "./language.js";

/**
 * @typedef {object} PageWorker what it can be asked; all reject once it has failed
 * @property {(question: import("./page.js").Question) => Promise<any>} read null where a newer
 *   question overtook this one
 * @property {(indices: number[]) => Promise<any>} digits of MNIST's, for testing
 * @property {(list: string, levels: Uint8Array) => Promise<any>} deeper what the nets of a list say
 *   to a picture's grey levels
 * @property {(question: import("./page.js").PathsQuestion) => Promise<any>} paths
 * @property {(wish: import("./worker/shake.js").Wish) => Promise<any>} shake
 * @property {() => void} end its nets are old: nothing more can be asked
 */

/**
 * Starts it, and loads what it reads with. Rejects, with one sentence, where this browser cannot
 * run it, or a file is missing, damaged or stale.
 * @param {string} list the address of what worker_files.py lists
 * @returns {Promise<PageWorker>}
 */
export async function startWorker(list) {
  const files = await listed(new URL(list, document.baseURI));
  const worker = new Worker(new URL("worker/worker.js", import.meta.url), { type: "module" });
  const waiting = /** @type {Map<number, {resolve: Function, reject: Function}>} */ (new Map());
  let failure = /** @type {Error | null} */ (null);
  let count = 0;

  /** @param {object} message */
  function asked(message) {
    if (failure) return Promise.reject(failure);
    count += 1;
    const id = count;
    worker.postMessage({ id, ...message });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  return new Promise((resolve, reject) => {
    /** @param {string} sentence */
    function fail(sentence) {
      failure = new Error(sentence);
      worker.terminate();
      reject(failure);
      for (const one of waiting.values()) one.reject(failure);
    }
    worker.addEventListener("error", (event) => {
      event.preventDefault(); // whoever asks is told
      fail(t("This browser cannot run the nets."));
    });
    worker.addEventListener("message", ({ data: { ready, failed, id, reply } }) => {
      if (failed) fail(t(failed));
      else if (ready) {
        resolve({
          read: (question) => asked({ question }),
          digits: (digits) => asked({ digits }),
          deeper: (list, levels) =>
            asked({ deeper: { list: new URL(list, document.baseURI).href, levels } }),
          paths: (paths) => asked({ paths }),
          shake: (shake) => asked({ shake }),
          end: () => fail(t("The nets were renewed.")),
        });
      } else {
        waiting.get(id)?.resolve(inWords(reply));
        waiting.delete(id);
      }
    });
    worker.postMessage({ start: files });
  });
}

/**
 * The worker speaks English alone: it would have to wait for other words, and miss the first message.
 * @param {any} reply
 */
function inWords(reply) {
  for (const said of ["error", "closed"]) if (reply?.[said]) reply[said] = t(reply[said]);
  return reply;
}

/**
 * With addresses that hold anywhere: the worker's own folder is another one.
 * @param {URL} list
 */
async function listed(list) {
  const response = await fetch(list);
  if (!response.ok) throw new Error(t("The nets for this browser are not there."));
  const { nets, readbacks, digits, nearest, nearestDigits } = await response.json();
  const at = (/** @type {string} */ name) => new URL(name, list).href;
  const each = (/** @type {Record<string, string>} */ names) =>
    Object.fromEntries(Object.entries(names).map(([variant, name]) => [variant, at(name)]));
  return {
    program: new URL("vendor/tfjs.wasm", import.meta.url).href,
    nets: nets.map(at),
    readbacks: each(readbacks),
    digits: digits && at(digits),
    nearest: each(nearest),
    nearestDigits: nearestDigits && at(nearestDigits),
  };
}
