// @ts-check
// Levels 0 to 255 of square pictures, as the server sends them, on a canvas.

/** @param {string} encoded base64 */
export function bytes(encoded) {
  const text = atob(encoded);
  const levels = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) levels[i] = text.charCodeAt(i);
  return levels;
}

/**
 * @param {ArrayLike<number>} levels
 * @param {(level: number) => number} colour 0xAABBGGRR: alpha, blue, green and red
 */
function coloured(levels, colour) {
  const side = Math.sqrt(levels.length);
  const picture = new ImageData(side, side);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < levels.length; i++) pixels[i] = colour(levels[i]);
  return picture;
}

/**
 * @param {HTMLCanvasElement} canvas becomes as large as the picture
 * @param {ArrayLike<number>} levels
 * @param {(level: number) => number} colour
 */
function put(canvas, levels, colour) {
  const picture = coloured(levels, colour);
  resize(canvas, picture.width);
  contextOf(canvas).putImageData(picture, 0, 0);
}

/** @param {HTMLCanvasElement} canvas @param {number} side */
function resize(canvas, side) {
  if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
}

const grey = (/** @type {number} */ level) => 0xff000000 + 0x010101 * level;

/**
 * White on black.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} levels
 */
export const paintGrey = (canvas, levels) => put(canvas, levels, grey);

/**
 * Several, white on black, row by row with a line between them; the rest of the square stays empty.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>[]} pictures
 * @param {number} across
 */
export function paintTiles(canvas, pictures, across) {
  const tiles = pictures.map((levels) => coloured(levels, grey));
  const step = tiles[0].width + 1;
  resize(canvas, across * step - 1);
  tiles.forEach((tile, at) => {
    contextOf(canvas).putImageData(tile, step * (at % across), step * Math.floor(at / across));
  });
}

/**
 * Black ink on nothing.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} levels
 */
export const paintInk = (canvas, levels) => put(canvas, levels, (level) => level << 24);

const LESS = [0, 32, 76]; // red, green and blue
const NOTHING = [124, 123, 120];
const MORE = [255, 233, 69];

/**
 * What should become less or more: dark blue for the least level, grey in the middle, yellow for the
 * most. So the sign is in the lightness too (after cividis, Nuñez et al. 2018).
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} levels
 */
export const paintChange = (canvas, levels) => put(canvas, levels, (level) => CHANGES[level]);

const CHANGES = Uint32Array.from({ length: 256 }, (_, level) => {
  const share = Math.abs(level / 127.5 - 1);
  const end = level < 128 ? LESS : MORE;
  const [red, green, blue] = NOTHING.map((from, i) => Math.round(from + share * (end[i] - from)));
  return 0xff000000 + 0x10000 * blue + 0x100 * green + red;
});

/**
 * The middle of a picture, without its margin.
 * @param {Uint8Array} levels
 * @param {number} side of the part that is wanted
 */
export function middle(levels, side) {
  const whole = Math.sqrt(levels.length);
  const margin = (whole - side) / 2;
  const rows = Array.from({ length: side }, (_, y) => (y + margin) * whole + margin);
  return rows.flatMap((start) => [...levels.slice(start, start + side)]);
}

/** @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new TypeError("The canvas cannot be drawn on.");
  return context;
}
