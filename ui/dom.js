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
 * The value of the radio button that is on.
 * @param {ParentNode} parent
 * @param {string} name
 */
export const chosen = (parent, name) =>
  find(parent, `[name="${name}"]:checked`, HTMLInputElement).value;

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
 * Changes a text only where it differs: a screen reader reads out what is set anew.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
