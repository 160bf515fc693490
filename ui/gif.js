// @ts-check
// An animated GIF (GIF89a), written as its specification says: a palette, and for each frame the
// numbers of its colours, packed by LZW.

const COLOURS = 256;
const [CLEAR, END] = [COLOURS, COLOURS + 1]; // codes that are no colours
const FIRST_FREE = COLOURS + 2;
const MOST_CODES = 4096;

/**
 * @typedef {object} Frame
 * @property {Uint8Array} pixels numbers of colours, row by row
 * @property {number} delay ms
 */

/**
 * It plays for ever.
 * @param {{width: number, height: number, palette: [number, number, number][], frames: Frame[]}} film
 */
export function gif({ width, height, palette, frames }) {
  const colours = Array.from({ length: COLOURS }, (_, i) => palette[i] ?? [0, 0, 0]).flat();
  const parts = [
    text("GIF89a"),
    [...word(width), ...word(height), 0xf7, 0, 0], // 256 colours for all frames
    colours,
    [0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0],
  ];
  for (const { pixels, delay } of frames) {
    parts.push([0x21, 0xf9, 4, 0, ...word(Math.round(delay / 10)), 0, 0]);
    parts.push([0x2c, 0, 0, 0, 0, ...word(width), ...word(height), 0, 8]);
    parts.push(...blocks(packed(pixels)));
  }
  parts.push([0x3b]);
  return new Blob(
    parts.map((part) => Uint8Array.from(part)),
    { type: "image/gif" },
  );
}

/** @param {string} letters */
const text = (letters) => [...letters].map((letter) => letter.charCodeAt(0));

/** @param {number} value */
const word = (value) => [value & 255, value >> 8];

/** @param {number[]} bytes */
function blocks(bytes) {
  const found = [];
  for (let i = 0; i < bytes.length; i += 255) {
    const block = bytes.slice(i, i + 255);
    found.push([block.length, ...block]);
  }
  return [...found, [0]];
}

/**
 * LZW: a run of colours that was met before is one code, and each code has as many bits as the
 * newest one needs.
 * @param {Uint8Array} pixels
 */
function packed(pixels) {
  /** @type {number[]} */
  const bytes = [];
  let [bits, filled, size] = [0, 0, 9];
  const write = (/** @type {number} */ code) => {
    bits |= code << filled;
    for (filled += size; filled >= 8; filled -= 8) {
      bytes.push(bits & 255);
      bits >>>= 8;
    }
  };
  /** @type {Map<number, number>} a run's code and one more colour -> the code of both */
  let codes = new Map();
  let free = FIRST_FREE;
  write(CLEAR);
  let run = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const key = COLOURS * run + pixels[i];
    const longer = codes.get(key);
    if (longer !== undefined) {
      run = longer;
      continue;
    }
    write(run);
    if (free === MOST_CODES) {
      write(CLEAR);
      codes = new Map();
      [free, size] = [FIRST_FREE, 9];
    } else {
      if (free === 1 << size) size += 1;
      codes.set(key, free++);
    }
    run = pixels[i];
  }
  write(run);
  write(END);
  if (filled > 0) bytes.push(bits & 255);
  return bytes;
}
