// Both nets with a few channels: the formula of a unit, and the gradients against differences.
// That the trained nets do what Python's do is tested by tests/test_parity.py.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";

import * as lenses from "../../ui/worker/lenses.js";
import { alters, canBeOut, input, netOf, trace } from "../../ui/worker/net.js";
import { everyWay, logitsOf } from "../../ui/worker/paths.js";
import * as runtime from "../../ui/worker/runtime.js";
import { FileError } from "../../ui/worker/safetensors.js";

const SIDE = 32;
const WHOLE = { is_out: false, has_shortcut: true, dial: 1 };
const with2 = (change) =>
  Array.from({ length: 8 }, (_, unit) => (unit === 1 ? { ...WHOLE, ...change } : WHOLE));

let seed = 1;
const random = () => {
  seed = (seed * 16807) % 2147483647;
  return seed / 2147483647 - 0.5;
};

/** A file as netOf wants it, of a net with 2 to 5 channels and random weights. */
function made(variant) {
  const convolutions = {};
  const tensors = {};
  const add = (name, size, before, after, stride, padding) => {
    convolutions[name] = { stride, padding };
    const values = Float32Array.from({ length: size * size * before * after }, () => 2 * random());
    tensors[`${name}.kernel`] = { dtype: "F32", shape: [size, size, before, after], values };
    tensors[`${name}.bias`] = { dtype: "F32", shape: [after], values: values.slice(0, after) };
  };
  add("conv1", 7, 1, 2, 2, 3);
  for (const stage of [1, 2, 3, 4]) {
    for (const unit of [0, 1]) {
      const [name, after] = [`layer${stage}.${unit}`, stage + 1];
      const halves = stage > 1 && unit === 0;
      const before = halves ? after - 1 : after;
      // The last maps have one pixel: what is left of their kernels needs no padding.
      const [first, second] = [
        stage < 4 ? [3, 1] : unit ? [1, 0] : [2, 0],
        stage < 4 ? [3, 1] : [1, 0],
      ];
      add(`${name}.conv1`, first[0], before, after, halves ? 2 : 1, first[1]);
      add(`${name}.conv2`, second[0], after, after, 1, second[1]);
      if (halves && variant === "residual") {
        add(`${name}.downsample.0`, 1, before, after, 2, 0);
      }
    }
  }
  add("fc", 1, 5, 10, 1, 0);
  const rules = { ink: { side: SIDE, mean: 0.1, std: 0.3 } };
  return {
    about: { about: { format: 1, variant, convolutions, rules, calibration: {} } },
    tensor: (name) => tensors[name],
  };
}

const nets = {};
const picture = Float32Array.from({ length: SIDE * SIDE }, () => random() + 0.5);

before(async () => {
  const program = new URL("../../ui/vendor/tfjs.wasm", import.meta.url);
  await runtime.start(new Uint8Array(await readFile(program)));
  for (const variant of ["residual", "plain"]) nets[variant] = netOf(made(variant));
});

/** The maps around unit 2, which keeps the shape. */
function around(net, change) {
  return runtime.scope(() => {
    const { maps } = trace(net, input(net, picture), with2(change));
    return maps.slice(1, 3).map((map) => [...runtime.valuesOf(map)]);
  });
}

test("a unit that is out gives what it gets", () => {
  for (const net of Object.values(nets)) {
    const [x, y] = around(net, { is_out: true, dial: 2 });
    assert.deepEqual(y, x);
  }
});

test("with its branch turned off a residual unit gives what it gets, a plain one nothing", () => {
  const [x, y] = around(nets.residual, { dial: 0 });
  assert.deepEqual(y, x);
  assert.ok(around(nets.plain, { dial: 0 })[1].every((value) => value === 0));
});

test("a shortcut cut leaves the branch alone, and a plain unit as it is", () => {
  const [x, whole] = around(nets.residual, {});
  const [, cut] = around(nets.residual, { has_shortcut: false });
  // Where the branch is above 0 the whole unit adds it to its input.
  cut.forEach((value, at) => {
    if (value > 0) assert.ok(Math.abs(whole[at] - x[at] - value) < 1e-4);
  });
  assert.notDeepEqual(cut, whole);
  assert.deepEqual(around(nets.plain, { has_shortcut: false }), around(nets.plain, {}));
});

test("what alters a unit, and which can be out", () => {
  const { residual, plain } = nets;
  assert.deepEqual(plain.units.map(canBeOut), [true, true, false, true, false, true, false, true]);
  assert.ok(residual.units.every(canBeOut));
  for (const { units } of [residual, plain]) {
    assert.ok(!units.some((unit) => alters(unit, WHOLE)));
    assert.ok(units.every((unit) => alters(unit, { ...WHOLE, dial: 1.5 })));
  }
  assert.ok(alters(residual.units[2], { ...WHOLE, is_out: true }));
  assert.ok(!alters(plain.units[2], { ...WHOLE, is_out: true }));
  assert.ok(alters(residual.units[0], { ...WHOLE, has_shortcut: false }));
  assert.ok(!alters(plain.units[0], { ...WHOLE, has_shortcut: false }));
});

test("gradients to the picture are what a small change of a pixel shows", () => {
  for (const net of Object.values(nets)) {
    runtime.scope(() => {
      const x = input(net, picture);
      const weights = runtime.tensor(
        Float32Array.from({ length: 10 }, (_, i) => i - 4),
        [1, 1, 1, 10],
      );
      const [gradient] = runtime
        .gradients((x) => trace(net, x).logits, [x], weights)
        .map(runtime.valuesOf);
      const score = (values) =>
        runtime
          .valuesOf(trace(net, runtime.tensor(values, x.shape)).logits)
          .reduce((sum, logit, i) => sum + logit * (i - 4), 0);
      const scale = Math.max(...gradient.map(Math.abs));
      assert.ok(scale > 0);
      let near = 0;
      for (let at = 0; at < gradient.length; at += 31) {
        const [more, less] = [0.004, -0.004].map((step) => {
          const values = runtime.valuesOf(x).slice();
          values[at] += step;
          return score(values);
        });
        if (Math.abs((more - less) / 0.008 - gradient[at]) < 0.03 * scale) near += 1;
      }
      assert.ok(near >= 32, `${near} of 34`); // a relu or a pool may lie within the step
    });
  }
});

test("every way through a net says at once what it says alone", () => {
  for (const net of Object.values(nets)) {
    const canGo = net.units.flatMap((unit, i) => (canBeOut(unit) ? [i] : []));
    const found = logitsOf(net, picture);
    assert.equal(found.length, 10 * 2 ** canGo.length);
    const rows = new Set();
    for (let bits = 0; bits < 2 ** canGo.length; bits++) {
      const out = canGo.filter((_, place) => (bits >> place) & 1);
      const settings = net.units.map((_, i) => ({ ...WHOLE, is_out: out.includes(i) }));
      const alone = runtime.scope(() => [
        ...runtime.valuesOf(trace(net, input(net, picture), settings).logits),
      ]);
      const row = [...found.subarray(10 * bits, 10 * bits + 10)];
      const scale = Math.max(1, ...alone.map(Math.abs));
      row.forEach((logit, i) => {
        assert.ok(Math.abs(logit - alone[i]) < 1e-4 * scale, `${net.variant} without ${out}`);
      });
      rows.add(`${row.map((logit) => logit.toPrecision(4))}`);
    }
    assert.ok(rows.size > 2 ** (canGo.length - 1), `${rows.size} of ${2 ** canGo.length} differ`);
  }
});

test("the whole net alone may refuse", () => {
  // Whatever it sees is half a digit.
  const strict = { temperature: 1, slope: 0, offset: 0, threshold: 0.6 };
  const { digits, certainties } = everyWay({ ...nets.plain, calibration: strict }, picture);
  assert.equal(digits.length, 32);
  assert.equal(digits[0], null);
  assert.ok(digits.slice(1).every((digit) => digit !== null));
  assert.ok(certainties.every((certainty) => certainty >= 0.1 && certainty <= 1));
});

test("looking again and again leaves nothing behind", () => {
  const look = () =>
    runtime.scope(() => {
      const net = nets.residual;
      const seen = trace(net, input(net, picture), with2({ dial: 0.5 }));
      lenses.edit(seen, net);
      logitsOf(net, picture);
      return lenses.why(seen, net, picture, with2({ dial: 0.5 })).length;
    });
  assert.equal(look(), 9);
  const { numTensors, numBytes } = runtime.memory();
  for (let i = 0; i < 20; i++) look();
  const after = runtime.memory();
  assert.deepEqual([after.numTensors, after.numBytes], [numTensors, numBytes]);
});

test("a net of another format is refused", () => {
  const file = made("plain");
  file.about.about.format = 2;
  assert.throws(() => netOf(file), FileError);
  file.about = {};
  assert.throws(() => netOf(file), FileError);
});
