// What qr.js exports, as far as it is used: see vendor/qr.js.

/** Rows of squares, true for dark, with a light border. Throws where the text does not fit. */
export function encodeQR(
  text: string,
  output: "raw",
  options?: { ecc?: "low" | "medium" | "quartile" | "high"; border?: number },
): boolean[][];
