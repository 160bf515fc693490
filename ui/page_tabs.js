// @ts-check
// The open tab as part of the page's state: whoever opens one, and whoever asks for one.

import { page } from "./page.js";

/** @param {Element} tab */
const nameOf = (tab) => tab.id.replace(/^tab-/, "").replace(/-button$/, "");

export const tabs = () =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll('#tabs [role="tab"]')]);

const opened = () => tabs().find((tab) => tab.ariaSelected === "true");

export function followTabs() {
  const list = document.querySelector('#tabs [role="tablist"]');
  if (!list) return; // a page of the pad alone
  page.subscribe(["tab"], ({ tab }) => {
    const wanted = tabs().find((one) => nameOf(one) === tab);
    if (wanted && wanted !== opened()) wanted.click();
  });
  new MutationObserver(() => {
    const now = opened();
    if (now) page.set({ tab: nameOf(now) });
  }).observe(list, { attributeFilter: ["aria-selected"], subtree: true });
}
