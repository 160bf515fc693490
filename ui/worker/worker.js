// @ts-check
// The page's worker: reads drawings in the visitor's browser, as the server's Reader does there.
//
// The page sends {start: Files} once and gets {ready: true}. {failed: one sentence}, then or later,
// means that this browser cannot, and the server has to read. Of {id, question}, any number, each is
// answered by {id, reply}: the server's Reply, {error: one sentence}, or null where a newer question
// overtook it. {id, digits: their indices} is answered by {id, reply: {digits}}, as the tab of
// mistakes has them from the server, {id, deeper: {list, levels}} by {id, reply: {answers}} of the
// nets that the list names, {id, paths: a question} by {id, reply: an EveryWay}, and {id, shake} as
// "Shake it" has it from the server.

import { answersOf } from "./deeper.js";
import { asJson, digitsOf } from "./digits.js";
import { InkError } from "./ink.js";
import { nearestOf } from "./nearest.js";
import { netOf } from "./net.js";
import { newestOnly } from "./newest.js";
import { readbackOf } from "./readback.js";
import { Reader } from "./reader.js";
import * as runtime from "./runtime.js";
import { FileError, parsed } from "./safetensors.js";
import * as shake from "./shake.js";

/**
 * @typedef {import("../page.js").Question} Question
 * @typedef {import("../page.js").Variant} Variant
 *
 * @typedef {object} Files addresses of what resnet/export.py makes
 * @property {string} program ../vendor/tfjs.wasm
 * @property {string[]} nets
 * @property {Partial<Record<Variant, string>>} readbacks
 * @property {string | null} digits for testing
 * @property {Partial<Record<Variant, string>>} nearest
 * @property {string | null} nearestDigits
 */

const NOT_FITTED = "Nothing was fitted to this net.";
const NO_DIGITS = "The test digits cannot be shown: MNIST is missing or damaged.";
const NO_NEAREST = "The training digits cannot be shown: MNIST is missing or damaged.";

/** @param {Files} files */
async function start({ program, nets, readbacks, digits, nearest, nearestDigits }) {
  const [, ...files] = await Promise.all([
    fetched(program).then(runtime.start),
    ...nets.map(fetchedFile),
  ]);
  const made = files.map(netOf);
  if (new Set(made.map(({ rules }) => JSON.stringify(rules))).size !== 1) {
    throw new FileError("The nets were trained on pictures that are not prepared alike.");
  }
  const file = once(fetchedFile);
  /** @param {string | null | undefined} address @param {string} otherwise why there is none */
  function sent(address, otherwise) {
    if (!address) throw new FileError(otherwise);
    return file(address);
  }
  /** @type {import("./reader.js").Sources} */
  const sources = {
    readback: async (net) => readbackOf(await sent(readbacks[net.variant], NOT_FITTED), net),
    digits: async () => digitsOf(await sent(digits, NO_DIGITS)),
    nearest: async (net) => nearestOf(await sent(nearest[net.variant], NOT_FITTED), net),
    nearestDigits: async () => sent(nearestDigits, NO_NEAREST),
    pixels,
  };
  const behind = [digits, ...Object.values(readbacks), ...Object.values(nearest), nearestDigits];
  return { sources, reader: new Reader(made, sources), loadRest: () => loaded(behind, file) };
}

/**
 * One after the other, and what fails now is tried anew when it is needed.
 * @param {(string | null)[]} addresses
 * @param {(address: string) => Promise<any>} file
 */
async function loaded(addresses, file) {
  for (const address of addresses) if (address) await file(address).catch(() => {});
}

/**
 * Remembers what went well; what did not is tried anew.
 * @template T
 * @param {(address: string) => Promise<T>} load
 */
function once(load) {
  const loaded = /** @type {Map<string, Promise<T>>} */ (new Map());
  return (/** @type {string} */ address) => {
    const known = loaded.get(address) ?? load(address);
    loaded.set(address, known);
    known.catch(() => loaded.delete(address));
    return known;
  };
}

/** @param {string} address */
async function fetchedFile(address) {
  const buffer = await fetched(address);
  return parsed(isGzip(buffer) ? await unpacked(buffer) : buffer, address.replace(/\.gz$/, ""));
}

/** @param {string} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new FileError(`${address.replace(/^.*\//, "")} is not there.`);
  return response.arrayBuffer();
}

/**
 * A plain host hands out a compressed file as it is; no safetensors file begins so.
 * @param {ArrayBuffer} buffer
 */
const isGzip = (buffer) => new DataView(buffer).getUint16(0) === 0x1f8b;

/** @param {ArrayBuffer} buffer */
const unpacked = (buffer) =>
  new Response(
    new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).arrayBuffer();

/**
 * The pixels of an image file.
 * @param {string} image base64
 */
async function pixels(image) {
  const bytes = Uint8Array.from(atob(image), (char) => char.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes])).catch(() => {
    throw new InkError("The file is not a PNG, JPEG or WEBP image that can be read.");
  });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (!context) throw new InkError("The image cannot be read here.");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

let started = /** @type {Awaited<ReturnType<typeof start>> | null} */ (null);

/** @param {unknown} error */
const fail = (error) =>
  postMessage({ failed: error instanceof Error ? error.message : String(error) });

/**
 * @template T
 * @param {(nets: NonNullable<typeof started>) => Promise<T>} look
 */
async function answered(look) {
  try {
    return started ? await look(started) : { error: "The nets are not there yet." };
  } catch (error) {
    if (error instanceof InkError || error instanceof FileError) return { error: error.message };
    fail(error);
    return null;
  }
}

const read = (/** @type {Question} */ question) => answered(({ reader }) => reader.read(question));
let waiting = 0; // questions of the pad
const ask = newestOnly(read, (id, reply) => {
  waiting -= 1;
  postMessage({ id, reply });
});

/** @param {number[]} indices */
const digitsAt = (indices) =>
  answered(async ({ sources }) => {
    const digits = await sources.digits();
    return { digits: indices.map((index) => asJson(digits, index)) };
  });

/** Nets that are loaded when they are first asked, one after the other: a pad's question goes between. */
const netsOf = once(async (list) => {
  const { nets } = JSON.parse(new TextDecoder().decode(await fetched(list)));
  if (nets.length === 0) throw new FileError("The deeper nets are not there.");
  const loaded = [];
  for (const name of nets) loaded.push(netOf(await fetchedFile(new URL(name, list).href)));
  return loaded;
});

/** @param {{list: string, levels: Uint8Array}} asked */
const deeper = ({ list, levels }) =>
  answered(async () => answersOf(await netsOf(list), levels, () => waiting > 0));

/** @param {import("../page.js").PathsQuestion} question */
const everyWay = (question) => answered(({ reader }) => reader.everyWay(question));

/** @param {import("./shake.js").Wish} wish */
const shaken = (wish) =>
  answered(async ({ reader }) => shake.asJson(shake.shaken(wish, reader.rules.ink)));

addEventListener("message", async ({ data }) => {
  if (data.question) {
    waiting += 1;
    ask(data.id, data.question);
  } else if (data.digits) postMessage({ id: data.id, reply: await digitsAt(data.digits) });
  else if (data.deeper) postMessage({ id: data.id, reply: await deeper(data.deeper) });
  else if (data.paths) postMessage({ id: data.id, reply: await everyWay(data.paths) });
  else if (data.shake) postMessage({ id: data.id, reply: await shaken(data.shake) });
  else {
    try {
      started = await start(data.start);
      postMessage({ ready: true });
      await started.loadRest(); // so that nothing is missing when the server goes
    } catch (error) {
      fail(error);
    }
  }
});
