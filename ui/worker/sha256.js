// @ts-check
// SHA-256 (FIPS 180-4). Browsers have it for pages of this machine or over https only, and the page
// may be served to a class by plain http.

/** The first 32 bits of the fractional parts of the square and cube roots of primes. */
const { H, K } = constants();

function constants() {
  const primes = /** @type {number[]} */ ([]);
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const bits = (/** @type {number} */ root) => ((root % 1) * 2 ** 32) | 0;
  return {
    H: primes.slice(0, 8).map((p) => bits(Math.sqrt(p))),
    K: Int32Array.from(primes, (p) => bits(Math.cbrt(p))),
  };
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} 64 digits
 */
export function sha256(bytes) {
  const hash = Int32Array.from(H);
  const words = new Int32Array(64);
  const whole = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < whole; at += 64) mix(hash, words, view, at);
  const end = padded(bytes.subarray(whole), bytes.length);
  for (let at = 0; at < end.byteLength; at += 64) mix(hash, words, end, at);
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * The last bytes, a bit set, zeros, and the length in bits.
 * @param {Uint8Array} rest
 * @param {number} length of all
 */
function padded(rest, length) {
  const end = new Uint8Array(rest.length + 9 > 64 ? 128 : 64);
  end.set(rest);
  end[rest.length] = 0x80;
  const view = new DataView(end.buffer);
  view.setBigUint64(end.length - 8, BigInt(length) * 8n);
  return view;
}

/**
 * @param {Int32Array} hash is changed
 * @param {Int32Array} w room for 64 words
 * @param {DataView} view
 * @param {number} at where a block of 64 bytes begins
 */
function mix(hash, w, view, at) {
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [x, y] = [w[i - 15], w[i - 2]];
    const s0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const s1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = hash;
  for (let i = 0; i < 64; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const changed = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) hash[i] += changed[i];
}

/**
 * @param {number} word
 * @param {number} bits to the right
 */
const turned = (word, bits) => (word >>> bits) | (word << (32 - bits));
