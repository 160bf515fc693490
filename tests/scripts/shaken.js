// For tests/test_shake_worker.py: of each wish, one a line, what the page's worker makes of it. A
// line of the answer is {nudged, gradients, reply}: numbers, and what the page gets.

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import * as runtime from "../../ui/worker/runtime.js";
import { asJson, shaken } from "../../ui/worker/shake.js";

const program = new URL("../../ui/vendor/tfjs.wasm", import.meta.url);
await runtime.start(new Uint8Array(await readFile(program)));
for await (const line of createInterface({ input: process.stdin })) {
  const { wish, ink } = JSON.parse(line);
  const found = shaken(wish, ink);
  const gradients = Object.fromEntries(
    Object.entries(found.gradients).map(([variant, each]) => [
      variant,
      each.map((one) => [...one]),
    ]),
  );
  const told = { nudged: [...found.nudged], gradients, reply: asJson(found) };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
