// @ts-check
// The points of a race, as curves over the picture of the stored runs and as a table.

import { find, make } from "./dom.js";
import { t } from "./language.js";

/**
 * @typedef {object} Point what a net reads right at a step of its training
 * @property {string} net
 * @property {number} step
 * @property {number} right
 * @property {number | null} loss null for no finite number
 *
 * @typedef {object} Axes of a picture, from plots.py: limits in data, edges in units of the picture
 * @property {[number, number]} xlim
 * @property {[number, number]} ylim
 * @property {number} left
 * @property {number} right
 * @property {number} top
 * @property {number} bottom
 */

const SVG = "http://www.w3.org/2000/svg";
const DOT = 4.5; // radius, in units of the picture

/**
 * @param {Point[]} points
 * @param {string} net
 */
export const ofNet = (points, net) => points.filter((point) => point.net === net);

/**
 * @param {HTMLElement} picture
 * @param {Point[]} points
 * @param {string[]} nets
 */
export function drawCurves(picture, points, nets) {
  for (const svg of /** @type {NodeListOf<SVGElement>} */ (
    picture.querySelectorAll("svg[data-axes]")
  )) {
    const [axes] = JSON.parse(`${svg.dataset.axes}`);
    svg.querySelector(".own")?.remove();
    const curves = nets.flatMap((net) => curve(net, placesOf(ofNet(points, net), axes)));
    svg.append(shape("g", { class: "own" }, ...curves));
  }
}

/**
 * @param {Point[]} points
 * @param {Axes} axes
 */
function placesOf(points, { xlim, ylim, left, right, top, bottom }) {
  return points.map((point) => [
    along(point.step, xlim, [left, right]),
    along(point.right, ylim, [bottom, top]),
  ]);
}

/**
 * @param {number} value
 * @param {[number, number]} limits
 * @param {[number, number]} edges
 */
const along = (value, [from, to], [start, end]) =>
  start + ((value - from) / (to - from)) * (end - start);

/**
 * @param {string} net
 * @param {number[][]} places
 */
function curve(net, places) {
  const points = places.map((place) => place.map((at) => at.toFixed(1)).join()).join(" ");
  const line = shape("polyline", { class: net, points });
  const end = places.at(-1);
  if (!end) return [line];
  return [line, shape("circle", { class: net, cx: `${end[0]}`, cy: `${end[1]}`, r: `${DOT}` })];
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...Node} children
 */
function shape(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * A row a step, with both nets, which come to their steps in turn.
 * @param {HTMLElement} twin
 * @param {Point[]} points
 * @param {string[]} nets
 */
export function fillTable(twin, points, nets) {
  const [left, right] = nets.map((net) => ofNet(points, net));
  const rows = left.map((point, i) => [`${point.step}`, ...cells(point), ...cells(right[i])]);
  twin.toggleAttribute("data-empty", rows.length === 0);
  find(twin, "tbody", HTMLTableSectionElement).replaceChildren(
    ...rows.map((texts) =>
      make("tr", {}, ...texts.map((textContent) => make("td", { textContent }))),
    ),
  );
}

/** @param {Point | undefined} point */
function cells(point) {
  if (!point) return ["", ""];
  return [`${point.right}`, point.loss === null ? t("no number") : point.loss.toFixed(3)];
}
