// Makes ui/vendor/ from the packages beside this file: npm ci && node build.js, or make vendor.

import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const PACKAGES = new URL("node_modules/@tensorflow/", import.meta.url);
const OUTPUT = new URL("../ui/vendor/", import.meta.url);
const { version } = (
  await import("./node_modules/@tensorflow/tfjs-core/package.json", {
    with: { type: "json" },
  })
).default;

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

await build({
  entryPoints: [new URL("entry.js", import.meta.url).pathname],
  outfile: new URL("tfjs.js", OUTPUT).pathname,
  absWorkingDir: new URL(".", import.meta.url).pathname,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  define: { process: "undefined" }, // it would ask node for its files; see start in entry.js
  banner: { js: `/* TensorFlow.js ${version}, Google LLC, Apache-2.0: see LICENSE. */` },
  plugins: [ours],
});
const program = "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
await writeFile(new URL("tfjs.wasm", OUTPUT), await readFile(new URL(program, PACKAGES)));
