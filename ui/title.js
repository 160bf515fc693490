// @ts-check
// The page's head: its name starts the page over, and a notice stands in the place of its sentence.

import { find, findText, setText } from "./dom.js";
import { page } from "./page.js";
import { startOver } from "./page_link.js";
import { listenToPresenter } from "./present.js";
import { listenToShare } from "./share.js";

/**
 * @param {HTMLElement} element
 * @param {{rules: import("./page_link.js").Rules}} props
 */
export function mount(element, { rules }) {
  find(element, "h1 a", HTMLAnchorElement).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab or window
    event.preventDefault();
    startOver();
    scrollTo(0, 0);
  });
  const notice = findText(element, ".notice");
  page.subscribe(["notice"], (state) => setText(notice, state.notice));
  listenToPresenter(element);
  listenToShare(element, rules);
}
