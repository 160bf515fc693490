// @ts-check
// What the scripts say, in the language of the page: messages are English, and the page's host has
// them in its other languages (resnet/language.py).

/** @type {Record<string, string>} */
const catalogue = await loaded(globalThis.document?.documentElement.dataset.catalogue);

/**
 * No module that says something runs before the words are here. Where they do not come, English has
 * to do.
 * @param {string | undefined} address none where the page is English
 */
async function loaded(address) {
  if (!address) return {};
  try {
    return await (await fetch(new URL(address, document.baseURI))).json();
  } catch {
    return {};
  }
}

/**
 * The message in the page's language, with values in the place of {their names}.
 * @param {string} message
 * @param {Record<string, string | number>} values
 */
export function t(message, values = {}) {
  return filled(catalogue[message] ?? message, values);
}

/**
 * The same of a message for one and a message for many, which may say {n}.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @param {Record<string, string | number>} values
 */
export function tn(one, many, n, values = {}) {
  return filled(catalogue[one] ?? (n === 1 ? one : many), { n, ...values });
}

/**
 * "1, 2 and 3".
 * @param {(number | string)[]} items
 */
export function listed(items) {
  if (items.length < 2) return items.join("");
  const some = items.slice(0, -1).join(t(", "));
  return t("{some} and {last}", { some, last: `${items.at(-1)}` });
}

/**
 * Whole sentences, one after the other: Chinese has no space between them.
 * @param {string[]} sentences
 */
export const inARow = (sentences) =>
  sentences
    .filter((one) => one !== "")
    .reduce((one, more) => (one === "" ? more : t("{one} {more}", { one, more })), "");

/**
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
const filled = (text, values) =>
  text.replace(/\{(\w+)\}/g, (name, of) => (of in values ? `${values[of]}` : name));
