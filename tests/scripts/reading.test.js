// The server reads until the worker can, and goes on where that cannot.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Reading } from "../../ui/page_reading.js";

const drawing = { strokes: [] };
const upload = { image: "AAAA" };
const atServer = async () => ({ answers: "server" });
const worker = {
  read: async () => ({ answers: "worker" }),
  digits: async (at) => ({ digits: at }),
  paths: async ({ net }) => ({ digits: [net] }),
};
const never = () => new Promise(() => {});
const failing = async () => {
  throw new Error("broken");
};

test("the server reads until the worker is ready, then the worker does", async () => {
  let ready = /** @type {Function} */ (() => {});
  const start = () => new Promise((resolve) => (ready = resolve));
  const reading = new Reading(atServer, start);
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  const prepared = reading.prepare();
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  ready(worker);
  await prepared;
  assert.deepEqual(await reading.read(drawing), { answers: "worker", isHere: true });
});

test("a worker is started once", async () => {
  let starts = 0;
  const reading = new Reading(atServer, async () => {
    starts += 1;
    return worker;
  });
  await Promise.all([reading.prepare(), reading.prepare()]);
  assert.equal(starts, 1);
});

test("where the browser cannot, the server goes on", async () => {
  const reading = new Reading(atServer, failing);
  await reading.prepare();
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  assert.equal(reading.failure, "broken");
});

test("a worker that fails later is left for good", async () => {
  let questions = 0;
  const read = async () => {
    questions += 1;
    throw new Error("out of memory");
  };
  const reading = new Reading(atServer, async () => ({ ...worker, read }));
  await reading.prepare();
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  assert.equal(questions, 1);
});

test("a worker that takes too long is helped out", async () => {
  const reading = new Reading(atServer, async () => ({ ...worker, read: never }), { patience: 5 });
  await reading.prepare();
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
});

test("an upload goes to the server, and to the worker where that is gone", async () => {
  for (const [server, answers] of [
    [atServer, "server"],
    [failing, "worker"],
    [never, "worker"],
    [async () => undefined, "worker"],
  ]) {
    const reading = new Reading(server, async () => worker, { patience: 5 });
    await reading.prepare();
    assert.equal((await reading.read(upload)).answers, answers);
  }
});

test("without a server the first question waits for the worker", async () => {
  const reading = new Reading(null, async () => worker);
  assert.deepEqual(await reading.read(drawing), { answers: "worker", isHere: true });
  assert.deepEqual(await reading.read(upload), { answers: "worker", isHere: true });
});

test("without a server a browser that cannot is told so", async () => {
  const reading = new Reading(null, failing);
  assert.deepEqual(await reading.read(drawing), { error: "broken" });
});

test("test digits come from the worker, or not at all", async () => {
  const reading = new Reading(atServer, async () => worker);
  assert.equal(await reading.digits([7]), undefined);
  await reading.prepare();
  assert.deepEqual(await reading.digits([7]), { digits: [7] });
});

test("every way through a net comes from the worker, or not at all", async () => {
  const reading = new Reading(atServer, async () => worker);
  assert.equal(await reading.paths({ net: "plain" }), undefined);
  await reading.prepare();
  assert.deepEqual(await reading.paths({ net: "plain" }), { digits: ["plain"] });
  const broken = new Reading(atServer, async () => ({ ...worker, paths: failing }));
  await broken.prepare();
  assert.equal(await broken.paths({ net: "plain" }), null);
});

test("when the nets are renewed another worker takes over, and the old one is ended", async () => {
  /** A worker of its own number, and whether it was ended. */
  const made = (number) => ({
    ...worker,
    read: async () => ({ answers: number }),
    end() {
      this.isEnded = true;
    },
  });
  const workers = [];
  const starts = [];
  const reading = new Reading(atServer, () => new Promise((resolve) => starts.push(resolve)));
  const start = (at) => {
    workers[at] = made(at);
    starts[at](workers[at]);
    return new Promise(setImmediate);
  };
  reading.renew(); // nothing was loaded, and nothing is
  assert.equal(starts.length, 0);
  reading.prepare();
  await start(0);
  reading.renew();
  assert.equal(workers[0].isEnded, true);
  assert.deepEqual(await reading.read(drawing), { answers: "server" });
  reading.renew(); // once more, before the second was there
  await start(1);
  assert.equal(workers[1].isEnded, true);
  assert.equal(reading.worker, null);
  await start(2);
  assert.deepEqual(await reading.read(drawing), { answers: 2, isHere: true });
});
