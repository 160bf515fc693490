// @ts-check
// The pad: pen, samples, upload, and what the nets see.

import { find, findButton, findText, setText } from "./dom.js";
import * as drawings from "./drawing.js";
import { t } from "./language.js";
import { listenToArrows } from "./pad_keys.js";
import { lookOf, paintDrawing } from "./pad_paint.js";
import { readUpload } from "./pad_upload.js";
import { page } from "./page.js";
import { keepAsking } from "./page_asking.js";
import { copied, mirror, writeAddress } from "./page_link.js";
import { Reading } from "./page_reading.js";
import { watchNets } from "./page_renewal.js";
import { followTabs } from "./page_tabs.js";
import { startWorker } from "./page_worker.js";
import { bytes, middle, paintGrey, paintInk } from "./pictures.js";
import { rove } from "./roving.js";

/**
 * @typedef {import("./drawing.js").Point} Point
 *
 * @typedef {object} Props
 * @property {number} sheet the pad's side in the units of the strokes
 * @property {number} pen units
 * @property {number} side of the picture that the nets see, in pixels
 * @property {number} digitSide the same of a test digit
 * @property {import("./drawing.js").Stroke[][]} samples of every digit, in units
 * @property {import("./page_link.js").Rules} rules
 * @property {string} files the address of what the worker needs, see worker_files.py
 * @property {Record<string, string>} hashes of the nets' weights, by variant
 */

const GAP = 3; // units that the pen must move to leave a new point

/**
 * @param {HTMLElement} element
 * @param {Props} props
 * @param {import("./server.js").Server} server
 */
export function mount(element, props, server) {
  document.querySelector("#loading")?.remove();
  mirror(props.rules, (link) => open(link, props));
  followTabs();
  const reading = new Reading(server.read ?? null, () => startWorker(props.files));
  page.set({ reading, paper: { sheet: props.sheet, pen: props.pen } });
  // Where there is nobody else to ask, it takes as long as it takes.
  const patience = server.read ? undefined : Infinity;
  const again = keepAsking(page, (question) => reading.read(question), { patience });
  if (server.read) {
    watchNets(props.hashes, () => {
      reading.renew();
      again();
    });
  }
  showDrawing(element, props);
  showReader(element, reading);
  showReply(element, props);
  listenToPen(find(element, '[data-testid="pad"]', HTMLCanvasElement), props.sheet);
  listenToArrows(element, props.sheet);
  listenToButtons(element, props);
  listenToFiles(find(element, '[data-testid="upload"]', HTMLInputElement));
  listenToKeys(element);
}

/**
 * @param {import("./page_link.js").Link} link
 * @param {Props} props
 */
function open({ strokes, part, digit, sample, ...more }, { samples, digitSide }) {
  let drawing = drawings.ofSample(sample, samples[sample]);
  if (strokes) drawing = { ...drawings.ofStrokes(strokes), part };
  else if (digit !== null) {
    const canvas = document.createElement("canvas"); // its ink and label come with the reply
    canvas.width = canvas.height = digitSide;
    drawing = drawings.ofPicture(drawings.ofTestDigit(digit, null, canvas));
  }
  page.set({ drawing, ...more });
}

// --- what is shown -------------------------------------------------------------------------------

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
function showDrawing(element, { sheet, pen }) {
  const canvas = find(element, '[data-testid="pad"]', HTMLCanvasElement);
  const [source, hint] = [findText(element, ".source"), findText(element, ".hint")];
  let isRequested = false;
  /** @type {import("./pad_paint.js").Look | null} null where it may have changed */
  let look = null;

  function paint() {
    if (isRequested) return;
    isRequested = true;
    requestAnimationFrame(() => {
      isRequested = false;
      look ??= lookOf(canvas);
      const { drawing, lab } = page.state;
      paintDrawing(canvas, drawing, { units: sheet, pen: lab?.pen ?? pen, ...look });
      hint.hidden = !drawings.isEmpty(drawing);
    });
  }

  page.subscribe(["drawing", "lab"], ({ drawing }) => {
    setText(source, drawing.picture?.source ?? "");
    paint();
  });
  function repaint() {
    look = null;
    paint();
  }
  new ResizeObserver(repaint).observe(canvas);
  // Light and dark are a class on the body: the ink follows.
  new MutationObserver(repaint).observe(document.body, { attributeFilter: ["class"] });
  page.subscribe(["isPenDown"], ({ isPenDown }) => {
    if (isPenDown) repaint(); // whatever else may have changed it, such as a browser's zoom
  });
}

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
function showReply(element, { side, digitSide }) {
  const seen = find(element, '[data-testid="seen"]', HTMLCanvasElement);
  const trouble = findText(element, ".trouble");
  page.subscribe(["reply"], ({ reply }) => {
    const levels = reply ? bytes(reply.picture) : new Uint8Array(side * side);
    paintGrey(seen, levels);
    if (reply?.label !== undefined) nameDigit(reply.label, middle(levels, digitSide));
  });
  page.subscribe(["drawing"], () => page.set({ refusal: "" }));
  page.subscribe(["trouble", "refusal"], (state) => {
    setText(trouble, state.refusal || state.trouble);
  });
  page.subscribe(["isAsking"], ({ isAsking }) => {
    seen.ariaBusy = `${isAsking}`;
  });
}

/**
 * Says where the answers come from. The first one is not to wait for the worker and its files.
 * @param {HTMLElement} element
 * @param {Reading} reading
 */
function showReader(element, reading) {
  const place = findText(element, ".reader");
  if (!reading.server) setText(place, t("The nets are loading …"));
  page.subscribe(["reply", "trouble"], ({ reply, trouble }) => {
    if (reply || trouble) reading.prepare();
    if (reply) setText(place, reply.isHere ? t("Read here") : t("Read by the server"));
  });
}

/**
 * A test digit that came by its index alone, in a link, gets its ink and its label.
 * @param {number} label
 * @param {number[]} levels
 */
function nameDigit(label, levels) {
  const { drawing } = page.state;
  if (!drawing.picture || drawing.picture.source || !("digit" in drawing.picture.asked)) return;
  const { canvas, asked } = drawing.picture;
  paintInk(canvas, levels);
  page.set({ drawing: { ...drawing, picture: drawings.ofTestDigit(asked.digit, label, canvas) } });
}

// --- the pen -------------------------------------------------------------------------------------

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} sheet units
 */
function listenToPen(canvas, sheet) {
  /** @type {number | null} */
  let pen = null; // the pointer that is drawing
  let drawn = page.state.drawing.id; // what it draws
  let [left, top, scale] = [0, 0, 1]; // of the pad on the page, and units a pixel

  /** Once a stroke: the browser has to lay out the page for it. */
  function measure() {
    const box = canvas.getBoundingClientRect();
    [left, top, scale] = [box.left + scrollX, box.top + scrollY, sheet / box.width];
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  const place = ({ pageX, pageY }) => [
    Math.round((pageX - left) * scale),
    Math.round((pageY - top) * scale),
  ];

  function lift() {
    pen = null;
    page.set({ isPenDown: false });
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen !== null) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true }); // what had the focus has no use for keys any more
    pen = event.pointerId;
    canvas.setPointerCapture(pen);
    measure();
    const drawing = drawings.begun(page.state.drawing, place(event));
    drawn = drawing.id;
    page.set({ drawing, isPenDown: true });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const points = [...(event.getCoalescedEvents?.() ?? []), event].map(place);
    page.set({ drawing: drawings.extended(page.state.drawing, points, GAP) });
  });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId === pen) lift();
    });
  }
  page.subscribe(["drawing"], ({ drawing }) => {
    if (pen !== null && drawing.id !== drawn) lift(); // another drawing took the place of its own
  });
}

// --- samples, upload, keys -----------------------------------------------------------------------

const clear = () => page.set({ drawing: drawings.cleared(page.state.drawing) });
const undo = () => page.set({ drawing: drawings.undone(page.state.drawing) });

/**
 * @param {HTMLElement} element
 * @param {Props} props
 */
function listenToButtons(element, { samples, rules }) {
  const ofSamples = samples.map((_, digit) => findButton(element, `[data-sample="${digit}"]`));
  rove([ofSamples]);
  for (const [digit, button] of ofSamples.entries()) {
    button.addEventListener("click", () => {
      page.set({ drawing: drawings.ofSample(digit, samples[digit]) });
    });
  }
  findButton(element, '[data-do="undo"]').addEventListener("click", undo);
  findButton(element, '[data-do="clear"]').addEventListener("click", clear);
  const link = findButton(element, '[data-do="link"]');
  const name = link.textContent;
  link.addEventListener("click", async () => {
    writeAddress(rules);
    link.textContent = (await copied(location.href)) ? t("Copied") : t("Copy failed");
    setTimeout(() => setText(link, name), 2000);
  });
}

/** @param {HTMLInputElement} chooser */
function listenToFiles(chooser) {
  chooser.addEventListener("change", () => {
    readUpload(chooser.files?.[0]);
    chooser.value = ""; // the same file may be chosen again
  });
  // Anywhere on the page: beside the pad the browser would open the file and leave.
  for (const type of /** @type {const} */ (["dragover", "drop"])) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (type === "drop") readUpload(event.dataTransfer.files[0]);
    });
  }
}

/** @param {HTMLElement} element */
function listenToKeys(element) {
  const canvas = find(element, '[data-testid="pad"]', HTMLCanvasElement);
  document.addEventListener("keydown", (event) => {
    if (!canvas.checkVisibility()) return; // another tab is open
    const at = /** @type {Element} */ (event.target);
    if (at.closest?.("input:is([type=text], [type=number]), textarea")) return;
    if (event.key === "Escape") {
      // What has the focus elsewhere may have a use for it, or a visitor may think so.
      if (at === document.body || element.contains(at)) clear();
    } else if (
      event.key.toLowerCase() === "z" &&
      !event.shiftKey &&
      (event.ctrlKey || event.metaKey)
    ) {
      event.preventDefault();
      undo();
    }
  });
}
