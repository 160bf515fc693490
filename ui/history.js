// @ts-check
// The tab of the trainings: its plots, once a visitor looks.

import { findText } from "./dom.js";
import { askWhenSeen } from "./server.js";

/**
 * @param {HTMLElement} element
 * @param {object} _props
 * @param {import("./server.js").Server} server
 */
export function mount(element, _props, server) {
  const place = findText(element, ".plots");
  askWhenSeen(element, server, "courses", ({ plots = "" }) => {
    place.innerHTML = plots;
    place.setAttribute("aria-busy", "false");
  });
}
