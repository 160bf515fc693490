// @ts-check
// A QR code as a picture that stays sharp at any size.

const BORDER = 4; // light squares around it, which readers need
const MOST = 97; // squares a side: with more, a phone does not read it from a screen

/**
 * An SVG element; null for a text too long to be read from a screen.
 * @param {string} text
 */
export async function qrCode(text) {
  const { encodeQR } = await import("./vendor/qr.js"); // most visitors never need it
  let rows;
  try {
    rows = encodeQR(text, "raw", { ecc: "low", border: BORDER });
  } catch {
    return null; // it holds 2953 letters at most
  }
  const side = rows.length;
  if (side > MOST + 2 * BORDER) return null;
  const squares = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  const name = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(name, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.innerHTML = `<path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path d="${squares.join("")}"/>`;
  return svg;
}
