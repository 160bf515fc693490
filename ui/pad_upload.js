// @ts-check
// A picture file on its way to the pad.

import { ofPicture } from "./drawing.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { contextOf } from "./pictures.js";

const LARGEST = 400; // pixels of the longer side as it is sent

let uploads = 0;

/**
 * Puts the picture on the pad; a file that is none leaves what is there, and a sentence.
 * @param {File | undefined} file
 */
export async function readUpload(file) {
  if (!file) return;
  uploads += 1;
  const asked = uploads;
  const before = page.state.drawing.id;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright: it follows the EXIF orientation
  } catch {
    page.set({ refusal: t("This file is not a picture that the browser can open.") });
    return;
  }
  // It can take a while: whatever the visitor has done since is newer.
  const { drawing, isPenDown } = page.state;
  if (asked !== uploads || before !== drawing.id || isPenDown) return;
  const canvas = scaled(bitmap);
  const image = canvas.toDataURL("image/png").split(",")[1];
  page.set({ drawing: ofPicture({ canvas, asked: { image }, isInk: false, source: "" }) });
}

/** @param {ImageBitmap} bitmap */
function scaled(bitmap) {
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  contextOf(canvas).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}
