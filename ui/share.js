// @ts-check
// To take home or hand on: the link as text and as a QR code, a picture, and a page to print.

import { find, findButton, findText, setText } from "./dom.js";
import { printHandout } from "./handout.js";
import { inARow, t } from "./language.js";
import { page } from "./page.js";
import { copied, writeAddress } from "./page_link.js";
import { qrCode } from "./qr_code.js";
import { save } from "./save.js";
import { pictureOfPage } from "./share_picture.js";

const TOO_LONG = t("The link is too long for a QR code that a phone can read. Copy it instead.");
const HERE_ONLY = t("It works on this computer only, where the page is served.");
const NOT_IN_IT = t("The uploaded picture is not in the link.");

/**
 * @param {HTMLElement} element
 * @param {import("./page_link.js").Rules} rules
 */
export function listenToShare(element, rules) {
  const dialog = find(element, ".share", HTMLDialogElement);
  const field = find(dialog, '[name="address"]', HTMLInputElement);
  const told = findText(dialog, ".told");

  findButton(element, '[data-do="share"]').addEventListener("click", async () => {
    writeAddress(rules);
    field.value = location.href;
    setText(told, "");
    await showCode(dialog, location.href);
    dialog.showModal();
  });
  findButton(dialog, '[data-do="close"]').addEventListener("click", () => dialog.close());
  field.addEventListener("focus", () => field.select());
  findButton(dialog, '[data-do="copy"]').addEventListener("click", async () => {
    const isDone = await copied(field.value);
    setText(
      told,
      isDone ? t("The link is copied.") : t("Copying failed: select the link yourself."),
    );
  });
  findButton(dialog, '[data-do="picture"]').addEventListener("click", async () => {
    const canvas = pictureOfPage(field.value);
    const isDone = await save(canvas, "with-and-without-shortcuts.png");
    setText(told, isDone ? t("The picture is saved.") : t("The picture could not be made."));
  });
  findButton(dialog, '[data-do="handout"]').addEventListener("click", () => {
    printHandout(element, field.value);
  });
}

/**
 * @param {HTMLElement} dialog
 * @param {string} address
 */
async function showCode(dialog, address) {
  const place = findText(dialog, ".code");
  const code = await qrCode(address);
  place.hidden = !code;
  place.replaceChildren(code ?? "");
  const { picture } = page.state.drawing;
  const notes = [
    code ? "" : TOO_LONG,
    picture && "image" in picture.asked ? NOT_IN_IT : "",
    /^(localhost|127\.|\[::1\])/.test(location.hostname) ? HERE_ONLY : "",
  ];
  setText(findText(dialog, ".not-coded"), inARow(notes));
}
