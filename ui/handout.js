// @ts-check
// One page to print. It stands in the document while it is printed, in the place of all else.

import { find, findText, setText } from "./dom.js";
import { qrCode } from "./qr_code.js";
import { pictureOfPage } from "./share_picture.js";

/**
 * @param {HTMLElement} element
 * @param {string} address
 */
export async function printHandout(element, address) {
  document.querySelector("body > .handout")?.remove(); // of a browser that does not say when it is done
  const { content } = find(element, ".handout-page", HTMLTemplateElement);
  // Of this document: a template has one of its own, which decodes no pictures.
  const handout = findText(document.importNode(content, true), ".handout");
  const picture = find(handout, ".taken", HTMLImageElement);
  picture.src = pictureOfPage(address).toDataURL();
  await picture.decode();
  findText(handout, ".code").replaceChildren((await qrCode(address)) ?? "");
  setText(findText(handout, ".address"), address);
  document.body.append(handout);
  addEventListener("afterprint", () => handout.remove(), { once: true });
  print();
}
