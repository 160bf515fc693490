// @ts-check
// node bench/parity.js FOLDER: reads questions, one a line, as the page's worker would, with the
// files of FOLDER. For python -m bench.parity. A line of the answer is {reply, picture, logits}:
// the worker's reply, or {error}, and what it rounds there, as base64 of floats and as numbers.

import { readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { digitsOf } from "../ui/worker/digits.js";
import { InkError } from "../ui/worker/ink.js";
import { nearestOf } from "../ui/worker/nearest.js";
import { input, netOf, trace } from "../ui/worker/net.js";
import { readbackOf } from "../ui/worker/readback.js";
import { Reader } from "../ui/worker/reader.js";
import * as runtime from "../ui/worker/runtime.js";
import { parsed } from "../ui/worker/safetensors.js";

const folder = process.argv[2];

/** @param {string} start of a file's name */
async function file(start) {
  const name = (await readdir(folder)).find((name) => name.startsWith(`${start}.`)) ?? start;
  const { buffer } = new Uint8Array(await readFile(`${folder}/${name}`));
  return parsed(buffer, name);
}

/** @param {any} question */
async function read(question) {
  try {
    const reply = await (question.net ? reader.everyWay(question) : reader.read(question));
    const picture = (await reader.prepared(question)).drawing.whole;
    const logits = Object.fromEntries(
      reader.nets.map((net) => [
        net.variant,
        runtime.scope(() => [
          ...runtime.valuesOf(
            trace(net, input(net, picture), question.board?.units ?? null).logits,
          ),
        ]),
      ]),
    );
    const bytes = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
    return { reply, picture: bytes.toString("base64"), logits };
  } catch (error) {
    if (error instanceof InkError) return { reply: { error: error.message } };
    throw error;
  }
}

const program = new URL("../ui/vendor/tfjs.wasm", import.meta.url);
await runtime.start(new Uint8Array(await readFile(program)));
const nets = [netOf(await file("residual")), netOf(await file("plain"))];
const reader = new Reader(nets, {
  readback: async (net) => readbackOf(await file(`${net.variant}-readback`), net),
  digits: async () => digitsOf(await file("digits")),
  nearest: async (net) => nearestOf(await file(`${net.variant}-nearest`), net),
  nearestDigits: () => file("nearest-digits"),
  // Node has no decoder of images: the question brings the pixels.
  pixels: async ({ size: [width, height], data }) => ({
    width,
    height,
    data: new Uint8ClampedArray(Buffer.from(data, "base64")),
  }),
});
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await read(JSON.parse(line)))}\n`);
}
