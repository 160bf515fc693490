// What a link holds: the drawing, the units that are altered and the lens, in about 1500 characters.
//
//   d  strokes, a dot between two: the first point, then steps, in grid units
//   s  the digit of a sample; t  the index of a test digit of MNIST
//   o  units that are out, c  whose shortcut is cut, as digits: o=24
//   f  dials in quarters, unit and quarters: f=52-78 is 0.5 for unit 5 and 2 for unit 7
//   l  the lens

const GRID = 5; // units of the pad to one of the link
const FARTHEST = 10_000; // units: a pen may leave the pad, but not like that
const LONGEST = 1500; // characters of the strokes
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"; // 63, 31 is no step
const FAR = "-"; // before a number that one digit does not hold, which then has two
const REACH = 31; // grid units a step of one digit goes at most
const [LOWEST, HIGHEST] = [-1900, 1900]; // grid units: what two digits hold

function number(value) {
  if (Math.abs(value) <= REACH) return DIGITS[value + REACH];
  const shifted = Math.min(HIGHEST, Math.max(LOWEST, value)) - LOWEST;
  return FAR + DIGITS[Math.floor(shifted / DIGITS.length)] + DIGITS[shifted % DIGITS.length];
}

function numbers(text) {
  const found = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== FAR) found.push(DIGITS.indexOf(text[i]) - REACH);
    else found.push(DIGITS.indexOf(text[++i]) * DIGITS.length + DIGITS.indexOf(text[++i]) + LOWEST);
  }
  return found;
}

// The stroke on a coarser grid, without the points that come within a gap of the last one.
function thin(stroke, gap) {
  const points = stroke.map((point) => point.map((at) => Math.round(at / GRID)));
  const kept = [points[0]];
  for (const [i, [x, y]] of points.entries()) {
    const [lastX, lastY] = kept.at(-1);
    const way = Math.hypot(x - lastX, y - lastY);
    if (way >= gap || (i === points.length - 1 && way > 0)) kept.push([x, y]);
  }
  return kept;
}

function packed(strokes) {
  for (let gap = 1; gap < 64; gap *= 1.5) {
    const lines = strokes.map((stroke) => {
      let [lastX, lastY] = [0, 0];
      return thin(stroke, gap)
        .map(([x, y]) => {
          const step = number(x - lastX) + number(y - lastY);
          [lastX, lastY] = [x, y];
          return step;
        })
        .join("");
    });
    if (lines.join(".").length <= LONGEST) return lines.join(".");
  }
  return null; // more strokes than a link holds
}

function unpacked(text) {
  if (text === "") return [];
  return text.split(".").map((line) => {
    const steps = numbers(line);
    let [x, y] = [0, 0];
    const stroke = [];
    for (let i = 0; i < steps.length; i += 2) {
      [x, y] = [x + steps[i], y + steps[i + 1]];
      stroke.push([x * GRID, y * GRID]);
    }
    return stroke;
  });
}

function linkOf({ strokes, shownSample, digit, isImage, board }) {
  const link = new URLSearchParams();
  const drawn = isImage || shownSample !== null ? null : packed(strokes);
  if (digit !== undefined) link.set("t", digit);
  else if (drawn !== null) link.set("d", drawn);
  else if (shownSample !== null && shownSample !== props.first) link.set("s", shownSample);
  const units = board?.units ?? [];
  const which = (test) => units.flatMap((unit, i) => (test(unit) ? [i + 1] : []));
  const out = which((unit) => unit.is_out);
  const cut = which((unit) => !unit.has_shortcut);
  const turned = which((unit) => unit.dial !== 1);
  if (out.length) link.set("o", out.join(""));
  if (cut.length) link.set("c", cut.join(""));
  if (turned.length) link.set("f", turned.map((i) => `${i}${4 * units[i - 1].dial}`).join("-"));
  if (board && board.lens !== "maps") link.set("l", board.lens);
  return link.toString();
}

const WELL_FORMED = {
  d: /^((-[\w]{2}|\w){2,}(\.(-[\w]{2}|\w){2,})*)?$/,
  s: /^\d$/,
  t: /^\d{1,4}$/,
  o: /^[1-8]{1,8}$/,
  c: /^[1-8]{1,8}$/,
  f: /^[1-8][0-8](-[1-8][0-8]){0,7}$/,
  l: /^[a-z]{3,5}$/,
};

// The state that a link holds, or null where it is none of ours.
function readLink(hash) {
  if (!hash || hash.length > 2 * LONGEST) return null;
  const link = new URLSearchParams(hash);
  const parts = [...link];
  const isSound = ([key, value]) => WELL_FORMED[key]?.test(value);
  if (!parts.every(isSound) || new Set(link.keys()).size !== parts.length) return null;
  const d = link.get("d");
  const strokes = d === null ? null : unpacked(d);
  if (d?.split(".").some((line) => line && numbers(line).length % 2)) return null;
  if (strokes?.flat(2).some((at) => Math.abs(at) > FARTHEST)) return null;
  const has = (key, i) => Boolean(link.get(key)?.includes(i + 1));
  const dials = new Map(link.get("f")?.split("-").map(([i, quarters]) => [Number(i), quarters / 4]));
  const units = Array.from({ length: 8 }, (_, i) => {
    const isOut = has("o", i);
    return {
      is_out: isOut,
      has_shortcut: isOut || !has("c", i),
      dial: isOut ? 1 : (dials.get(i + 1) ?? 1),
    };
  });
  return {
    strokes,
    digit: link.has("t") ? Number(link.get("t")) : undefined,
    shownSample: Number(link.get("s") ?? props.first),
    board: { units, lens: link.get("l") ?? "maps" },
  };
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not allowed, or the page came over plain http: the old way needs something selected.
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}
