// Runs once when the pad is on the page; Gradio hands in element, props and server.

const UNITS = props.sheet; // the pad's side in the units of the strokes
const STEP = 3; // units that the pen must move to leave a new point
const PATIENCE = 4000; // ms until a server that says nothing counts as gone
const RETRY = 1500; // ms between two tries to reach it again
const [MARGIN, SMALL] = [60, 380]; // units: where the tour puts a small drawing, and its size
const LARGEST = 400; // pixels of an upload's longer side as it is sent

const canvas = element.querySelector('[data-testid="pad"]');
const seen = element.querySelector('[data-testid="seen"]');
const source = element.querySelector(".source");
const hint = element.querySelector(".hint");
const trouble = element.querySelector(".trouble");
const chooser = element.querySelector('[data-testid="upload"]');

let strokes = []; // [[[x, y], ...], ...] in UNITS
let image = null; // a picture instead of strokes: a canvas with what the server is to read in it
let isMine = false; // false while the pad shows a sample or a picture: the pen starts anew
let shownSample = null; // the digit, while the pad shows a sample
let pen = null; // the pointer that is drawing
let lab = null; // {on, pen}: what the open lab wants otherwise
let board = null; // {units, lens, isAltered, isInSight}: what the board wants

// --- the drawing -------------------------------------------------------------------------------

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top].map((at) =>
    Math.round((at / box.width) * UNITS),
  );
}

function extend(stroke, event) {
  const [x, y] = place(event);
  const [lastX, lastY] = stroke[stroke.length - 1];
  if (Math.hypot(x - lastX, y - lastY) >= STEP) stroke.push([x, y]);
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || pen !== null) return;
  event.preventDefault();
  if (!isMine) replace([], null, true);
  pen = event.pointerId;
  canvas.setPointerCapture(pen);
  strokes.push([place(event)]);
  changed();
});

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pen) return;
  const stroke = strokes[strokes.length - 1];
  for (const part of event.getCoalescedEvents?.() ?? [event]) extend(stroke, part);
  extend(stroke, event);
  changed();
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pen) return;
    pen = null;
    keepLink();
  });
}

// A change of the whole pad: answers to what stood there before are no longer wanted.
function replace(newStrokes, newImage, mine) {
  generation += 1;
  pen = null;
  strokes = newStrokes;
  image = newImage;
  isMine = mine;
  shownSample = null;
  source.textContent = image?.source ?? "";
  if (isEmpty()) {
    trouble.textContent = "";
    publish(null); // at once: nobody has to be asked
  }
  changed();
}

function isEmpty() {
  return !image && strokes.length === 0;
}

function undo() {
  replace(strokes.slice(0, -1), null, true);
}

function changed() {
  version += 1;
  paint();
  ask();
  keepLink();
}

let paintRequested = false;

function paint() {
  if (paintRequested) return;
  paintRequested = true;
  requestAnimationFrame(() => {
    paintRequested = false;
    const side = Math.round(canvas.clientWidth * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.setTransform(side / UNITS, 0, 0, side / UNITS, 0, 0);
    context.clearRect(0, 0, UNITS, UNITS);
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = lab?.pen ?? props.pen;
    context.lineCap = context.lineJoin = "round";
    if (image) {
      const scale = UNITS / Math.max(image.width, image.height);
      const [width, height] = [image.width * scale, image.height * scale];
      const place = [(UNITS - width) / 2, (UNITS - height) / 2, width, height];
      context.fillStyle = "#a8a29e"; // shows through where the picture is transparent
      if (!image.isInk) context.fillRect(...place);
      context.imageSmoothingEnabled = !image.isInk;
      context.drawImage(image, ...place);
      if (image.isInk) {
        context.globalCompositeOperation = "source-in"; // the picture's ink, in the pad's colour
        context.fillStyle = context.strokeStyle;
        context.fillRect(0, 0, UNITS, UNITS);
        context.globalCompositeOperation = "source-over";
      }
    }
    for (const stroke of strokes) trace(context, stroke);
    hint.hidden = !isEmpty();
  });
}

// The pen's points are corners; a line through their midpoints, bent by them, is round.
function trace(context, stroke) {
  context.beginPath();
  context.moveTo(...stroke[0]);
  for (let i = 1; i < stroke.length - 1; i++) {
    const [[x, y], [nextX, nextY]] = [stroke[i], stroke[i + 1]];
    context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  const [x, y] = stroke[stroke.length - 1];
  context.lineTo(x + (stroke.length === 1 ? 0.1 : 0), y); // a canvas leaves out a line of no length
  context.stroke();
}

// --- the answers -------------------------------------------------------------------------------

let generation = 0; // counts replacements of the whole pad
let version = 0; // counts changes of the drawing and of its preparation
let isAsking = false;
let isStale = false; // the drawing has changed since it was sent
let answered = null; // the question that the page shows the answer to

async function ask() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  seen.ariaBusy = "true";
  await null; // the tour changes drawing, lab and board in one go: that is one question
  while (isStale) {
    isStale = false;
    const sent = generation;
    if (isEmpty()) continue;
    const asked = { drawing: question(), version };
    let reply;
    try {
      reply = await soon(server.read(asked.drawing));
      if (!reply) throw new Error("no answer"); // what Gradio makes of a fetch that failed
    } catch {
      trouble.textContent = "The server does not answer. Your drawing is kept; trying again.";
      await new Promise((resolve) => setTimeout(resolve, RETRY));
      isStale = true;
      continue;
    }
    if (sent !== generation) continue;
    trouble.textContent = reply.error ?? "";
    answered = reply.error ? null : asked.drawing;
    publish(reply.error ? null : reply, asked);
  }
  isAsking = false;
  seen.ariaBusy = "false";
}

function question() {
  const drawing = image ? { ...image.asked } : { strokes };
  if (lab && !image?.isInk) drawing.lab = lab;
  // Nobody sees into nets that are whole while the board is out of sight: that is quicker.
  if (board && (board.isInSight || board.isAltered)) {
    drawing.board = { units: board.units, lens: board.lens };
  }
  return drawing;
}

function soon(promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE)),
  ]);
}

function publish(reply, asked = null) {
  if (image?.isInk && reply?.label !== undefined) name(image, reply);
  seen.getContext("2d").putImageData(pixels(reply?.picture), 0, 0);
  window.latestAnswers = reply?.answers ?? null; // for a part of the page that loads later
  window.latestPicture = reply?.picture ?? null;
  document.dispatchEvent(new CustomEvent("answers", { detail: window.latestAnswers }));
  const pictures = reply?.steps?.map(pixels) ?? [];
  const detail = { pictures, isImage: image !== null, isPrepared: Boolean(image?.isInk) };
  document.dispatchEvent(new CustomEvent("steps", { detail }));
  document.dispatchEvent(new CustomEvent("read", { detail: reply && { ...reply, asked } }));
}

function pixels(picture) {
  const shown = new ImageData(props.side, props.side);
  const levels = picture ? atob(picture) : "";
  for (let i = 0; i < props.side * props.side; i++) {
    const level = levels ? levels.charCodeAt(i) : 0;
    shown.data.set([level, level, level, 255], 4 * i);
  }
  return shown;
}

// The lab is open with {on: [step, ...], pen: units}, or closed with null.
document.addEventListener("lab", (event) => {
  lab = event.detail;
  changed();
});

document.addEventListener("board", (event) => {
  const wasAltered = board?.isAltered;
  board = event.detail;
  // In sight again, the board still shows what it was told: nobody has to be asked anew.
  const wanted = question().board;
  const isNews = wanted ? JSON.stringify(wanted) !== JSON.stringify(answered?.board) : wasAltered;
  if (isAsking || isNews) ask();
  keepLink();
});

// --- samples, upload, keys -----------------------------------------------------------------------

function scaledSample(digit) {
  return props.samples[digit].map((stroke) =>
    stroke.map((point) => point.map((at) => (at * UNITS) / 100)),
  );
}

function sample(digit) {
  replace(scaledSample(digit), null, false);
  shownSample = digit;
}

let uploads = 0;

async function upload(file) {
  if (!file) return;
  const asked = ++uploads;
  const before = generation;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file); // upright: it follows the EXIF orientation
  } catch {
    trouble.textContent = "This file is not a picture that the browser can open.";
    return;
  }
  // It can take a while: whatever the visitor has done since is newer.
  if (asked !== uploads || before !== generation || pen !== null) return;
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const copy = document.createElement("canvas");
  copy.width = Math.max(1, Math.round(bitmap.width * scale));
  copy.height = Math.max(1, Math.round(bitmap.height * scale));
  copy.getContext("2d").drawImage(bitmap, 0, 0, copy.width, copy.height);
  copy.asked = { image: copy.toDataURL("image/png").split(",")[1] };
  replace([], copy, false);
}

// A test digit of MNIST, read as it is: cropped and centred anew, a mistake might vanish.
function putDigit({ index, label, pixels }) {
  const about = { isInk: true, source: named(index, label), asked: { digit: index } };
  replace([], Object.assign(pixels, about), false);
}

function named(index, label) {
  return `MNIST test digit ${index}, labelled ${label}`;
}

// A digit that came by its index alone, in a link: the reply brings its ink and its label.
function name(digit, { picture, label }) {
  if (digit.source) return;
  const levels = atob(picture);
  const margin = (props.side - digit.width) / 2;
  const shown = new ImageData(digit.width, digit.width);
  for (let y = 0; y < digit.width; y++) {
    for (let x = 0; x < digit.width; x++) {
      const level = levels.charCodeAt((y + margin) * props.side + x + margin);
      shown.data[4 * (y * digit.width + x) + 3] = level;
    }
  }
  digit.getContext("2d").putImageData(shown, 0, 0);
  digit.source = source.textContent = named(digit.asked.digit, label);
  paint();
}

// For the tour: the same digit, small and in the corner, and then what stood there before.
let lent = null;

document.addEventListener("corner", (event) => {
  if (event.detail && !lent && strokes.length > 0) {
    lent = { strokes, isMine, shownSample };
    replace(inCorner(strokes), null, false);
  } else if (!event.detail && lent) {
    const before = lent;
    lent = null;
    replace(before.strokes, null, before.isMine);
    shownSample = before.shownSample;
  }
});

function inCorner(shape) {
  const points = shape.flat();
  const [left, top] = [0, 1].map((axis) => Math.min(...points.map((point) => point[axis])));
  const size = Math.max(...points.map(([x, y]) => Math.max(x - left, y - top)), 1);
  const move = (at, from) => Math.round(MARGIN + ((at - from) * SMALL) / size);
  return shape.map((stroke) => stroke.map(([x, y]) => [move(x, left), move(y, top)]));
}

document.addEventListener("put-digit", (event) => putDigit(event.detail));
for (const button of element.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", () => sample(Number(button.dataset.sample)));
}
element.querySelector('[data-do="undo"]').addEventListener("click", undo);
element.querySelector('[data-do="clear"]').addEventListener("click", () => replace([], null, true));
element.querySelector('[data-do="link"]').addEventListener("click", copyLink);
chooser.addEventListener("change", () => {
  upload(chooser.files[0]);
  chooser.value = ""; // the same file may be chosen again
});
// Anywhere on the page: beside the pad the browser would open the file and leave.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (type === "drop") upload(event.dataTransfer.files[0]);
  });
}
document.addEventListener("keydown", (event) => {
  if (!canvas.checkVisibility()) return; // another tab is open
  if (event.target.closest?.("input:is([type=text], [type=number]), textarea")) return;
  if (event.key === "Escape") replace([], null, true);
  else if (event.key.toLowerCase() === "z" && !event.shiftKey && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    undo();
  }
});

// --- the link ------------------------------------------------------------------------------------

let linkTimer = null;

// What stands on the pad and on the board, in the address; not while the pen is down.
function keepLink() {
  clearTimeout(linkTimer);
  if (lent === null) linkTimer = setTimeout(writeLink, 400);
}

function writeLink() {
  clearTimeout(linkTimer);
  if (pen !== null || lent !== null) return;
  const hash = linkOf({ strokes, shownSample, digit: image?.asked.digit, isImage: image, board });
  const isNew = hash !== location.hash.slice(1);
  const address = hash ? `#${hash}` : location.pathname + location.search;
  if (isNew) history.replaceState(history.state, "", address);
}

async function copyLink(event) {
  writeLink();
  const button = event.currentTarget;
  const isCopied = await copied(location.href);
  button.textContent = isCopied ? "Copied" : "Copy failed";
  setTimeout(() => (button.textContent = "Copy link"), 2000);
}

// The page as its address says, or as ever where it says nothing that can be read.
function start() {
  lent = null;
  const link = readLink(location.hash.slice(1)) ?? { shownSample: props.first, board: null };
  window.linkedBoard = link.board; // for the board, which may load later
  document.dispatchEvent(new CustomEvent("put-board", { detail: link.board }));
  if (link.strokes) replace(link.strokes, null, true);
  else if (link.digit === undefined) sample(link.shownSample);
  else {
    const pixels = document.createElement("canvas");
    pixels.width = pixels.height = props.side - 4;
    const about = { isInk: true, source: "", asked: { digit: link.digit } };
    replace([], Object.assign(pixels, about), false);
  }
}

window.addEventListener("hashchange", start);

seen.width = seen.height = props.side;
new ResizeObserver(paint).observe(canvas);
// Light and dark are a class on the body: the ink follows.
new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] });
start();
