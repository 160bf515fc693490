// Runs once when the lab is on the page; Gradio hands in element.

const lab = element.querySelector(".lab");
const pen = element.querySelector("[type=range]");
const boxes = [...element.querySelectorAll("[type=checkbox]")];
const line = element.querySelector("[name=line]");
const canvases = element.querySelectorAll("canvas");
const caption = line.closest("li").querySelector("p");
const ofStrokes = caption.textContent;
const hint = element.querySelector(".try span");
const ofDrawings = hint.textContent;

function tell() {
  const on = boxes.filter((box) => box.checked).map((box) => box.name);
  const detail = lab.open ? { on, pen: pen.valueAsNumber } : null;
  document.dispatchEvent(new CustomEvent("lab", { detail }));
  warn();
}

// The note stands in the pad, beside the picture, outside the lab's own element.
function warn() {
  const isPartly = boxes.some((box) => !box.checked && !box.disabled);
  document.querySelector("[data-partly]").textContent = isPartly ? "Preparation is partly off." : "";
}

function putBack(on = null) {
  for (const box of boxes) box.checked = on?.includes(box.name) ?? true;
  pen.value = pen.defaultValue;
  tell();
}

let isOpen = false; // as was told: a toggle is heard of only after it

lab.addEventListener("toggle", () => {
  if (lab.open === isOpen) return;
  isOpen = lab.open;
  putBack(); // closed, it leaves nothing behind
});
document.addEventListener("put-lab", ({ detail }) => {
  isOpen = lab.open = Boolean(detail);
  putBack(detail?.on);
});
lab.addEventListener("input", tell);
element.querySelector("button").addEventListener("click", () => putBack());

document.addEventListener("steps", (event) => {
  const { pictures, isImage, isPrepared } = event.detail;
  canvases.forEach((canvas, i) => {
    const context = canvas.getContext("2d");
    if (pictures[i]) context.putImageData(pictures[i], 0, 0);
    else context.clearRect(0, 0, canvas.width, canvas.height);
  });
  for (const box of boxes) box.disabled = isPrepared;
  hint.textContent = isPrepared ? "A test digit of MNIST comes prepared as it is." : ofDrawings;
  line.disabled = pen.disabled = isImage;
  caption.textContent = isImage ? "Images keep theirs" : ofStrokes;
  warn();
});
