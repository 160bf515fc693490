// @ts-check
// From logits to an answer: resnet/calibration.py, and what Classifier makes of it.

/**
 * @typedef {import("../page.js").Answer} Answer
 *
 * @typedef {object} Calibration the numbers of resnet/calibration.py
 * @property {number} temperature
 * @property {number} slope
 * @property {number} offset
 * @property {number} threshold
 */

/**
 * @param {Float32Array} picture
 * @param {Float32Array} logits
 * @param {Calibration} calibration
 * @param {boolean} mayRefuse
 * @returns {Answer}
 */
export function answerOf(picture, logits, calibration, mayRefuse) {
  if (picture.every((ink) => ink === 0)) {
    return { digit: null, probabilities: null, is_digit: 0, reason: "blank" };
  }
  const { temperature, slope, offset, threshold } = calibration;
  const cooled = Array.from(logits, (logit) => logit / temperature);
  const whole = logSumExp(cooled);
  const probabilities = cooled.map((logit) => rounded(Math.exp(logit - whole), 6));
  const isDigit = 1 / (1 + Math.exp(-(slope * logSumExp([...logits]) + offset)));
  const isRefused = mayRefuse && isDigit < threshold;
  return {
    digit: isRefused ? null : probabilities.indexOf(Math.max(...probabilities)),
    probabilities,
    is_digit: rounded(isDigit, 6),
    reason: isRefused ? "not a digit" : null,
  };
}

/** @param {number[]} values */
function logSumExp(values) {
  const highest = Math.max(...values);
  const sum = values.reduce((sum, value) => sum + Math.exp(value - highest), 0);
  return highest + Math.log(sum);
}

/**
 * @param {number} value
 * @param {number} decimals
 */
export const rounded = (value, decimals) => Number(value.toFixed(decimals));
