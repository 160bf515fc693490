// @ts-check
// Elements, found and made, with their types.

/**
 * The first element that a selector finds. Throws where there is none of that kind: then script
 * and template do not fit.
 * @template {Element} Kind
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(parent, selector, kind) {
  const found = parent.querySelector(selector);
  if (!(found instanceof kind)) throw new TypeError(`There is no ${kind.name} ${selector}.`);
  return found;
}

/**
 * @param {ParentNode} parent
 * @param {string} selector
 */
export const findText = (parent, selector) => find(parent, selector, HTMLElement);

/**
 * @param {ParentNode} parent
 * @param {string} selector
 */
export const findButton = (parent, selector) => find(parent, selector, HTMLButtonElement);

/**
 * Scrolls no further than is needed to see a place of the page.
 * @param {string} selector
 */
export function bringUp(selector) {
  document.querySelector(selector)?.scrollIntoView({ block: "nearest" });
}

/**
 * The value of the radio button that is on.
 * @param {ParentNode} parent
 * @param {string} name
 */
export const chosen = (parent, name) =>
  find(parent, `[name="${name}"]:checked`, HTMLInputElement).value;

/** Whether a finger is what points. */
export const isTouch = () => matchMedia("(pointer: coarse)").matches;

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * Changes what an element holds only where it reads otherwise: new elements have to be laid out.
 * @param {HTMLElement} element
 * @param {(HTMLElement | string)[]} content
 */
export function setContent(element, content) {
  const text = content.map((part) => (typeof part === "string" ? part : part.textContent)).join("");
  if (element.textContent !== text) element.replaceChildren(...content);
}

/**
 * Changes a text only where it differs: a screen reader reads out what is set anew. And it changes
 * the text that is there, if it can: for a new one the browser looks through its style sheets.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  const { firstChild, lastChild, textContent } = element;
  if (textContent === text) return;
  if (text && firstChild instanceof Text && firstChild === lastChild) firstChild.data = text;
  else element.textContent = text;
}
