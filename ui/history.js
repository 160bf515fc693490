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
  askWhenSeen(element, server, "courses", ({ error, plots }) => {
    if (!error) findText(element, ".plots").innerHTML = plots;
  });
}
