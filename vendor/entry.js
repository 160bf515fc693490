// What the page uses of TensorFlow.js, and nothing else of it: a few kernels of its WebAssembly
// backend, and the gradients that "why" asks for. ui/worker/runtime.js alone calls what is exported.

import {
  BackendWasm,
  init,
  setWasmPaths,
} from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js";
import { addConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Add.js";
import { castConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Cast.js";
import { fusedConv2DConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D.js";
import { identityConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Identity.js";
import { maxPoolConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/MaxPool.js";
import { multiplyConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Multiply.js";
import { reluConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Relu.js";
import { reshapeConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape.js";
import { stepConfig } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Step.js";
import {
  engine,
  env,
  registerBackend,
  registerGradient,
  registerKernel,
} from "@tensorflow/tfjs-core/dist/base.js";
import "@tensorflow/tfjs-core/dist/flags.js";
import { addGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Add_grad.js";
import { multiplyGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Multiply_grad.js";
import { reluGradConfig } from "@tensorflow/tfjs-core/dist/gradients/Relu_grad.js";

export { keep, memory, tidy } from "@tensorflow/tfjs-core/dist/globals.js";
export { customGrad, grads } from "@tensorflow/tfjs-core/dist/gradients.js";
export { add } from "@tensorflow/tfjs-core/dist/ops/add.js";
export { conv2d } from "@tensorflow/tfjs-core/dist/ops/fused/conv2d.js";
export { maxPool } from "@tensorflow/tfjs-core/dist/ops/max_pool.js";
export { mul } from "@tensorflow/tfjs-core/dist/ops/mul.js";
export { relu } from "@tensorflow/tfjs-core/dist/ops/relu.js";
export { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor.js";

const KERNELS = [
  addConfig,
  castConfig,
  fusedConv2DConfig,
  identityConfig,
  maxPoolConfig,
  multiplyConfig,
  reluConfig,
  reshapeConfig,
  stepConfig,
];
const GRADIENTS = [addGradConfig, multiplyGradConfig, reluGradConfig];

/**
 * Before anything else is called. The program is the .wasm file beside this one: who calls knows
 * how to come by it, in a browser or in node.
 */
export async function start(program) {
  env().setPlatform("ours", {
    fetch: async () => new Response(program),
    now: () => performance.now(),
    encode: (text) => new TextEncoder().encode(text),
    decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
    isTypedArray: (value) => ArrayBuffer.isView(value) && !(value instanceof DataView),
  });
  for (const kernel of KERNELS) registerKernel(kernel);
  for (const gradient of GRADIENTS) registerGradient(gradient);
  env().registerFlag("WASM_HAS_SIMD_SUPPORT", () => true);
  env().registerFlag("WASM_HAS_MULTITHREAD_SUPPORT", () => false);
  // Whichever of its programs it would take is this one, asked of the fetch above.
  const names = ["wasm", "wasm-simd", "wasm-threaded-simd"];
  const files = names.map((name) => [`tfjs-backend-${name}.wasm`, "tfjs.wasm"]);
  setWasmPaths(Object.fromEntries(files), true);
  const { wasm } = await init();
  registerBackend("wasm", () => new BackendWasm(wasm));
  await engine().setBackend("wasm");
}
