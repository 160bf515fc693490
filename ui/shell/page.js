// @ts-check
// The page without Gradio and without a server: its tabs, and its parts brought to life with the
// replies that were stored when it was built (ui/site.py).

import { findText } from "../dom.js";
import { page } from "../page.js";

/**
 * @typedef {object} Stored the replies of one function
 * @property {string[]} questions those that there is a reply to, as they stand in its file's name
 * @property {string} otherwise what is said to any other
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {object} props
 * @property {string} replies their folder
 * @property {Record<string, Stored>} functions
 */

/** @type {Part[]} */
const parts = JSON.parse(findText(document, "#parts").textContent ?? "");
for (const { name, props, functions, replies } of parts) {
  const element = findText(document, `#${name}`);
  const server = Object.fromEntries(
    Object.entries(functions).map(([of, stored]) => [of, recalled(`${replies}/${of}`, stored)]),
  );
  import(new URL(`../${name}.js`, import.meta.url).href).then((part) =>
    part.mount(element, props, server),
  );
}

const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('#tabs [role="tab"]')]);
for (const tab of tabs) tab.addEventListener("click", () => open(tab));
findText(document, '#tabs [role="tablist"]').addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -tabs.indexOf(opened()), End: -1 };
  const step = new Map(Object.entries(steps)).get(event.key);
  if (step === undefined) return;
  event.preventDefault();
  const from = event.key === "End" ? 0 : tabs.indexOf(opened());
  const tab = tabs[(from + step + tabs.length) % tabs.length];
  open(tab);
  tab.focus();
});

// What it takes to go on offline is fetched last: nobody waits for that.
let isKept = false;
page.subscribe(["reply"], ({ reply }) => {
  if (!reply || isKept) return;
  isKept = true;
  navigator.serviceWorker?.register("service_worker.js").catch(() => {}); // the page works without
});

/**
 * A function as a part calls it. Its replies lie in files, as ui/site.py names them.
 * @param {string} files what their names begin with
 * @param {Stored} stored
 */
function recalled(files, { questions, otherwise }) {
  const known = new Set(questions);
  return async (/** @type {any} */ asked) => {
    const question = JSON.stringify(asked ?? null).replace(/[^\w.]+/g, "-");
    if (!known.has(question)) return { error: otherwise };
    const response = await fetch(`${files}.${question}.json`);
    return response.ok ? response.json() : null;
  };
}

function opened() {
  return findText(document, '#tabs [aria-selected="true"]');
}

/** @param {HTMLElement} chosen */
function open(chosen) {
  for (const tab of tabs) {
    tab.ariaSelected = `${tab === chosen}`;
    tab.tabIndex = tab === chosen ? 0 : -1;
    findText(document, `#${tab.getAttribute("aria-controls")}`).hidden = tab !== chosen;
  }
}
