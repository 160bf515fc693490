// @ts-check
// Files that the browser makes itself, and saves where it saves downloads.

/**
 * Whether it has been handed to the browser.
 * @param {HTMLCanvasElement | Blob} content a canvas becomes a PNG
 * @param {string} name
 */
export async function save(content, name) {
  const blob =
    content instanceof Blob
      ? content
      : await new Promise((/** @type {BlobCallback} */ resolve) => content.toBlob(resolve));
  if (!blob) return false;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // by then it has been read
  return true;
}
