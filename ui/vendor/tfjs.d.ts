// What tfjs.js exports, as far as it is used: see vendor/entry.js.

export interface Tensor {
  readonly shape: number[];
  dataSync(): Float32Array;
  dispose(): void;
}

export function start(program: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<void>;
export function tensor(values: Float32Array, shape: number[]): Tensor;
export function tidy<T>(steps: () => T): T;
export function keep(x: Tensor): Tensor;
export function memory(): { numTensors: number; numBytes: number };

export function add(a: Tensor, b: Tensor): Tensor;
export function mul(a: Tensor, b: Tensor): Tensor;
export function relu(x: Tensor): Tensor;
export function maxPool(x: Tensor, size: number, stride: number, padding: number): Tensor;
export function conv2d(how: {
  x: Tensor;
  filter: Tensor;
  bias?: Tensor;
  strides: number;
  pad: number;
}): Tensor;

export function customGrad(
  f: (
    x: Tensor,
    save: (tensors: Tensor[]) => void,
  ) => { value: Tensor; gradFunc: (gradient: Tensor, saved: Tensor[]) => Tensor },
): (x: Tensor) => Tensor;
export function grads(
  f: (...xs: Tensor[]) => Tensor,
): (xs: Tensor[], gradient?: Tensor) => Tensor[];
