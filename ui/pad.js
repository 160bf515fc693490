// Runs once when the pad is on the page; Gradio hands in element, props and server.

const UNITS = props.sheet; // the pad's side in the units of the strokes
const STEP = 3; // units that the pen must move to leave a new point
const PATIENCE = 4000; // ms until a server that says nothing counts as gone
const RETRY = 1500; // ms between two tries to reach it again
const LARGEST = 400; // pixels of an upload's longer side as it is sent

const canvas = element.querySelector('[data-testid="pad"]');
const seen = element.querySelector('[data-testid="seen"]');
const source = element.querySelector(".source");
const hint = element.querySelector(".hint");
const trouble = element.querySelector(".trouble");
const chooser = element.querySelector('[data-testid="upload"]');

let strokes = []; // [[[x, y], ...], ...] in UNITS
let image = null; // a picture instead of strokes: a canvas with read(), which asks the server
let isMine = false; // false while the pad shows a sample or a picture: the pen starts anew
let pen = null; // the pointer that is drawing
let lab = null; // {on, pen}: what the open lab wants otherwise

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
    if (event.pointerId === pen) pen = null;
  });
}

// A change of the whole pad: answers to what stood there before are no longer wanted.
function replace(newStrokes, newImage, mine) {
  generation += 1;
  pen = null;
  strokes = newStrokes;
  image = newImage;
  isMine = mine;
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
  paint();
  ask();
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
let isAsking = false;
let isStale = false; // the drawing has changed since it was sent

async function ask() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    isStale = false;
    const sent = generation;
    if (isEmpty()) continue;
    let reply;
    try {
      reply = await soon(send());
      if (!reply) throw new Error("no answer"); // what Gradio makes of a fetch that failed
    } catch {
      trouble.textContent = "The server does not answer. Your drawing is kept; trying again.";
      await new Promise((resolve) => setTimeout(resolve, RETRY));
      isStale = true;
      continue;
    }
    if (sent !== generation) continue;
    trouble.textContent = reply.error ?? "";
    publish(reply.error ? null : reply);
  }
  isAsking = false;
}

function send() {
  if (lab && !image?.isInk) {
    return server.read_in_lab({ ...lab, ...(image ? { image: image.encoded } : { strokes }) });
  }
  return image ? image.read() : server.read_strokes(strokes);
}

function soon(promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE)),
  ]);
}

function publish(reply) {
  seen.getContext("2d").putImageData(pixels(reply?.picture), 0, 0);
  window.latestAnswers = reply?.answers ?? null; // for a part of the page that loads later
  document.dispatchEvent(new CustomEvent("answers", { detail: window.latestAnswers }));
  const pictures = reply?.steps?.map(pixels) ?? [];
  const detail = { pictures, isImage: image !== null, isPrepared: Boolean(image?.isInk) };
  document.dispatchEvent(new CustomEvent("steps", { detail }));
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

// --- samples, upload, keys -----------------------------------------------------------------------

function sample(digit) {
  const scaled = props.samples[digit].map((stroke) =>
    stroke.map((point) => point.map((at) => (at * UNITS) / 100)),
  );
  replace(scaled, null, false);
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
  copy.encoded = copy.toDataURL("image/png").split(",")[1];
  copy.read = () => server.read_image(copy.encoded);
  replace([], copy, false);
}

// A test digit of MNIST, read as it is: cropped and centred anew, a mistake might vanish.
function putDigit({ index, label, pixels }) {
  const about = { isInk: true, source: `MNIST test digit ${index}, labelled ${label}` };
  replace([], Object.assign(pixels, about, { read: () => server.read_digit(index) }), false);
}

document.addEventListener("put-digit", (event) => putDigit(event.detail));
for (const button of element.querySelectorAll("[data-sample]")) {
  button.addEventListener("click", () => sample(Number(button.dataset.sample)));
}
element.querySelector('[data-do="undo"]').addEventListener("click", undo);
element.querySelector('[data-do="clear"]').addEventListener("click", () => replace([], null, true));
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

seen.width = seen.height = props.side;
new ResizeObserver(paint).observe(canvas);
// Light and dark are a class on the body: the ink follows.
new MutationObserver(paint).observe(document.body, { attributeFilter: ["class"] });
sample(props.first);
