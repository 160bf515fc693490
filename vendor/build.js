// Makes ui/vendor/ from the packages beside this file: npm ci && node build.js, or make vendor.

import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const PACKAGES = new URL("node_modules/", import.meta.url);
const OUTPUT = new URL("../ui/vendor/", import.meta.url);

const versionOf = async (name) =>
  JSON.parse(await readFile(new URL(`${name}/package.json`, PACKAGES), "utf8")).version;

const ours = {
  name: "only what is used",
  setup({ onLoad, onResolve, resolve }) {
    // Threads need cross-origin isolation, which plain hosts do not give.
    onLoad({ filter: /threaded-simd(\.worker)?\.js$/ }, () => ({
      contents: "export const wasmWorkerContents = null; export default null;",
    }));
    // The whole library's index registers everything there is.
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, ({ kind, resolveDir }) =>
      resolve("@tensorflow/tfjs-core/dist/base.js", { kind, resolveDir }),
    );
  },
};

/** One file of ui/vendor/, as an entry of this folder exports it. */
const bundle = (entry, file, banner, more = {}) =>
  build({
    entryPoints: [new URL(entry, import.meta.url).pathname],
    outfile: new URL(file, OUTPUT).pathname,
    absWorkingDir: new URL(".", import.meta.url).pathname,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    banner: { js: `/* ${banner}, Apache-2.0: see LICENSE. */` },
    ...more,
  });

const tfjs = await versionOf("@tensorflow/tfjs-core");
await bundle("entry.js", "tfjs.js", `TensorFlow.js ${tfjs}, Google LLC`, {
  define: { process: "undefined" }, // it would ask node for its files; see start in entry.js
  plugins: [ours],
});
await bundle("qr.js", "qr.js", `qr ${await versionOf("qr")}, Paul Miller`);
const program = "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
await writeFile(new URL("tfjs.wasm", OUTPUT), await readFile(new URL(program, PACKAGES)));
