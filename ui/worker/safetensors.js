// @ts-check
// The files that resnet/export.py names and this worker loads: their bytes are checked by the hash
// in their name, and read as safetensors are (a header in JSON, then every tensor's bytes).

import { sha256 } from "./sha256.js";

/**
 * @typedef {object} Stored a tensor, its values as they are stored
 * @property {number[]} shape
 * @property {string} dtype
 * @property {Float32Array | Int32Array | Int8Array | Uint8Array | Uint16Array} values float16 as its
 *   bits
 *
 * @typedef {object} File
 * @property {any} about the metadata, each read from JSON
 * @property {(name: string) => Stored} tensor
 */

/** @type {Record<string, any>} */
const ARRAYS = {
  F32: Float32Array,
  F16: Uint16Array,
  I32: Int32Array,
  I8: Int8Array,
  U8: Uint8Array,
};

/** A file that cannot be used; the message names it and says why. */
export class FileError extends Error {}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} name VARIANT.SHA256.safetensors, a path before it or not
 * @returns {File}
 */
export function parsed(buffer, name) {
  const file = name.replace(/^.*\//, "");
  if (file.split(".")[1] !== sha256(new Uint8Array(buffer))) {
    throw new FileError(`${file} is cut, damaged or another one.`);
  }
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const { __metadata__: metadata = {}, ...tensors } = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 8, length)),
  );
  return {
    about: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [key, JSON.parse(value)]),
    ),
    tensor(name) {
      const { dtype, shape, data_offsets: offsets } = tensors[name];
      const ofType = ARRAYS[dtype];
      const [start, end] = offsets;
      const values = new ofType(
        buffer,
        8 + length + start,
        (end - start) / ofType.BYTES_PER_ELEMENT,
      );
      return { shape, dtype, values };
    },
  };
}

/**
 * Whole numbers in one byte or halves as ordinary floats.
 * @param {Stored} stored
 * @returns {Float32Array}
 */
export function floats({ dtype, values }) {
  if (values instanceof Float32Array) return values;
  return dtype === "F16" ? Float32Array.from(values, half) : Float32Array.from(values);
}

/**
 * @param {number} bits of a float16
 */
function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits >> 15 ? -size : size;
}
