// @ts-check
// Notices when the server reads with other nets than those that this page began with: train.py may
// renew them while it serves (ui/renewal.py).

import { t } from "./language.js";
import { page } from "./page.js";

const EVERY = 20_000; // ms between two looks, while somebody looks at the page

/**
 * @param {Record<string, string>} hashes of the weights that the page began with, by variant
 * @param {() => void} renewed
 */
export function watchNets(hashes, renewed, { every = EVERY } = {}) {
  let known = JSON.stringify(hashes);
  async function look() {
    if (document.hidden) return;
    const found = await served().catch(() => null); // a server that is gone is told of elsewhere
    if (!found || found === known) return;
    known = found;
    renewed();
    page.set({
      notice: t("The nets were renewed and read from now on: reload for their figures."),
    });
  }
  setInterval(look, every);
  document.addEventListener("visibilitychange", look);
}

async function served() {
  const response = await fetch(new URL("health", document.baseURI));
  return JSON.stringify((await response.json()).nets);
}
