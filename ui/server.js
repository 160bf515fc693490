// @ts-check
// Asking the server, for every tab but the pad's.

import { findText } from "./dom.js";
import { t } from "./language.js";

/**
 * @typedef {Record<string, (asked: any) => Promise<any>>} Server its functions, as Gradio hands them
 *   to a part
 */

const SILENT = { error: t("The server does not answer.") };

/**
 * A reply of the server, or {error: one sentence} where there is none.
 * @param {Server} server
 * @param {string} name
 * @param {any} asked
 * @returns {Promise<any>}
 */
export async function ask(server, name, asked = null) {
  try {
    return (await server[name](asked)) ?? SILENT;
  } catch {
    return SILENT;
  }
}

/**
 * Asks for what a tab shows when a visitor first sees it, not before. A fault is shown in .trouble,
 * and the server is asked again when the tab is seen again.
 * @param {HTMLElement} element
 * @param {Server} server
 * @param {string} name
 * @param {(reply: any) => void} show
 */
export function askWhenSeen(element, server, name, show) {
  let isAnswered = false;
  onSight(element, async (isInSight) => {
    if (isAnswered || !isInSight) return;
    isAnswered = true; // or be asked for twice meanwhile
    const reply = await ask(server, name);
    isAnswered = !reply.error;
    findText(element, ".trouble").textContent = reply.error ?? "";
    show(reply);
  });
}

/**
 * Calls back whenever the element comes into sight or leaves it; another tab hides it too.
 * @param {Element} element
 * @param {(isInSight: boolean) => void} callback
 * @param {IntersectionObserverInit} options
 */
export function onSight(element, callback, options = {}) {
  const observer = new IntersectionObserver((entries) => {
    callback(Boolean(entries.at(-1)?.isIntersecting));
  }, options);
  observer.observe(element);
}
