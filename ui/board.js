// Runs once when the board is on the page, after words.js and lenses.js; Gradio hands in element
// and props. It asks the server nothing: it tells the pad what is wanted, and shows what comes.

const [said, figures, closed, pointed, about] = ["said", "measured", "closed", "pointed", "about"].map(
  (name) => element.querySelector(`.${name}`),
);
const back = element.querySelector(".back");
const choice = element.querySelector(".choice");
const WHOLE = Array.from({ length: 8 }, () => ({ is_out: false, has_shortcut: true, dial: 1 }));

let units = WHOLE; // what is wanted of the nets
let lens = "maps";
let isInSight = false;
let reply = null; // what the pad got last, null while it is empty
let whole = null; // {version, answers}: what the whole nets last said, and to which drawing
let place = null; // {cell, tile}: what the pointer or the focus is on

const asked = () => reply?.asked.drawing.board;
const cellsOf = (net) => element.querySelectorAll(`[data-net="${net.variant}"] .cell`);

// --- what the visitor wants ---------------------------------------------------------------------

function tell() {
  const isAltered = !units.every(isWhole);
  document.dispatchEvent(new CustomEvent("board", { detail: { units, lens, isAltered, isInSight } }));
}

function want(newUnits, newLens = lens) {
  units = newUnits;
  lens = newLens;
  render();
  tell();
}

function change(number, how) {
  want(units.map((unit, i) => (i === number - 1 ? { ...unit, ...how } : unit)));
}

function unplug(number) {
  // A unit that is out is nothing but its shortcut: there is nothing left to cut or to turn.
  change(number, { ...WHOLE[0], is_out: !units[number - 1].is_out });
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { unit, arc } = button.dataset;
  if (unit) unplug(Number(unit));
  else if (arc) change(Number(arc), { has_shortcut: !units[arc - 1].has_shortcut });
  else if (button === back) {
    want(WHOLE);
    element.querySelector("[data-unit]").focus({ preventScroll: true }); // the button is off now
  }
});

element.addEventListener("input", ({ target }) => {
  if (target.dataset.dial) change(Number(target.dataset.dial), { dial: target.valueAsNumber });
  else if (target.name === "lens") want(units, target.value);
});

document.addEventListener("put-board", ({ detail }) => {
  if (detail) want(detail.units, LENSES[detail.lens] ? detail.lens : lens);
});

// --- what is shown ------------------------------------------------------------------------------

document.addEventListener("read", ({ detail }) => {
  reply = detail;
  if (reply && (asked()?.units ?? WHOLE).every(isWhole)) {
    whole = { version: reply.asked.version, answers: reply.answers };
  }
  render();
});

function render() {
  controls();
  const shownUnits = reply ? (asked()?.units ?? WHOLE) : units;
  for (const net of props.nets) showNet(net, shownUnits);
  notes(shownUnits);
  sentence(shownUnits);
  closed.textContent = reply?.closed ?? "";
  about.textContent = LENSES[lens].about;
  point();
}

function controls() {
  units.forEach((unit, i) => {
    for (const button of element.querySelectorAll(`[data-unit="${i + 1}"]`)) {
      button.setAttribute("aria-pressed", unit.is_out);
    }
    const arc = element.querySelector(`[data-arc="${i + 1}"]`);
    arc?.setAttribute("aria-pressed", !unit.has_shortcut);
    if (arc) arc.disabled = unit.is_out;
    const dial = element.querySelector(`[data-dial="${i + 1}"]`);
    dial.disabled = unit.is_out;
    dial.value = unit.dial;
    const output = dial.closest("label").querySelector("output");
    output.textContent = unit.is_out ? "–" : unit.dial;
    dial.closest("label").classList.toggle("turned", unit.dial !== 1);
  });
  back.disabled = units.every(isWhole);
  choice.querySelector(`[value="${lens}"]`).checked = true;
}

function showNet(net, shownUnits) {
  const row = element.querySelector(`[data-net="${net.variant}"]`);
  const answer = reply?.answers[net.variant];
  const best = answer?.probabilities ? Math.max(...answer.probabilities) : null;
  row.querySelector(".digit").textContent = answer ? (answer.digit ?? "?") : "–";
  row.querySelector(".certainty").textContent =
    best === null || answer.digit === null ? "" : `${(100 * best).toFixed(1)} %`;
  const style = getComputedStyle(row);
  const colours = { accent: style.getPropertyValue("--accent"), ink: style.getPropertyValue("--ink") };
  const cells = reply?.board?.[net.variant];
  cellsOf(net).forEach((cell, i) => {
    const unit = i ? units[i - 1] : WHOLE[0];
    const isOut = unit.is_out && !net.stays.includes(i);
    cell.classList.toggle("out", isOut);
    cell.classList.toggle("stuck", unit.is_out && !isOut);
    cell.querySelector(".over").textContent = isOut
      ? "out"
      : unit.is_out
        ? "no detour: nothing fits the next unit"
        : "";
    const context = { drawing: reply?.picture, answer: answer?.digit, ...colours };
    showCell(cell, asked()?.lens === lens ? cells?.[i] : null, context);
  });
}

function showCell(cell, data, context) {
  const canvas = cell.querySelector("canvas");
  const note = cell.parentElement.querySelector(".note");
  canvas.width = canvas.height = 1; // empty
  cell.querySelector(".figures").replaceChildren();
  cell.classList.remove("tiled");
  cell.dataset.lens = data ? lens : "";
  note.textContent = "";
  cell.data = data ?? null;
  if (data && !cell.classList.contains("out")) LENSES[lens].show(cell, data, note, context);
}

// Wherever an answer of an altered net stands, it says so.
function notes(shownUnits) {
  for (const note of document.querySelectorAll("[data-altered]")) {
    const net = props.nets.find(({ variant }) => variant === note.dataset.altered);
    note.textContent = brief(effect(shownUnits, net));
  }
}

function sentence(shownUnits) {
  const before = whole && whole.version === reply?.asked.version ? whole.answers : null;
  const done = effect(shownUnits);
  const intact = props.nets.length > 1 ? "Both nets are whole. " : "The net is whole. ";
  const spoken = [isNothing(done) ? intact : `${told(done)}. `];
  const detail = { units: shownUnits, lens, asked: reply?.asked, answers: reply?.answers, figures: {} };
  figures.replaceChildren();
  for (const net of props.nets) {
    const own = effect(shownUnits, net);
    const found = measured(net, own);
    detail.figures[net.variant] = found.text;
    const answer = reply?.answers[net.variant];
    if (answer?.probabilities) {
      const was = isNothing(done) ? null : before?.[net.variant];
      spoken.push(strong(net), `${aside(net, own, done)}: ${reading(answer, was)}. `);
    }
    figures.append(strong(net), `: ${found.text}`, small(found.seeds), document.createElement("br"));
  }
  if (!props.nets.some((net) => net.measured)) figures.textContent = "No measured figures for these weights.";
  if (!reply) spoken.push("Draw a digit and watch it go through.");
  say(spoken);
  document.dispatchEvent(new CustomEvent("told", { detail: { ...detail, before } }));
}

// Why a net is not altered as the other one is.
function aside(net, own, done) {
  const reasons = [];
  if (own.kept.length > 0) reasons.push(`keeps ${listed(own.kept)}, having no detour there`);
  if (own.cut.length < done.cut.length) reasons.push("has no shortcut to cut");
  return reasons.length > 0 ? ` (${reasons.join(" and ")})` : "";
}

function say(parts) {
  const text = parts.map((part) => part.textContent ?? part).join("");
  if (said.textContent !== text) said.replaceChildren(...parts); // or it would be read out again
}

function strong({ variant, title }) {
  return Object.assign(document.createElement("b"), { className: variant, textContent: title });
}

function small(text) {
  return Object.assign(document.createElement("small"), { textContent: text && ` · ${text}` });
}

// --- the map under the pointer or the focus -----------------------------------------------------

function tileAt(cell, event) {
  const side = 16 / cell.data.size; // tiles to a side
  const box = cell.querySelector("canvas").getBoundingClientRect();
  const at = (value, from, length) =>
    Math.min(side - 1, Math.max(0, Math.floor((side * (value - from)) / length)));
  return side * at(event.clientY, box.top, box.height) + at(event.clientX, box.left, box.width);
}

function point() {
  const data = place?.cell.data;
  for (const cell of element.querySelectorAll(".pointed-at")) cell.classList.remove("pointed-at");
  if (!data || place.cell.classList.contains("out")) {
    pointed.textContent = LENSES[lens].tiles
      ? "Point at a map, or go to a unit with Tab and through its maps with the arrow keys."
      : "Point at a unit, or go to it with Tab, to have it in words.";
    return;
  }
  place.cell.classList.add("pointed-at");
  const tiles = LENSES[lens].tiles?.(data) ?? 1;
  place.tile = Math.min(tiles - 1, Math.max(0, place.tile));
  const name = place.cell.getAttribute("aria-label");
  pointed.textContent = `${name}: ${LENSES[lens].words(data, place.tile)}.`;
}

element.addEventListener("pointermove", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell) return;
  place = { cell, tile: cell.data && lens === "maps" ? tileAt(cell, event) : 0 };
  point();
});

element.addEventListener("focusin", ({ target }) => {
  if (!target.matches(".cell")) return;
  place = { cell: target, tile: 0 };
  point();
});

element.addEventListener("keydown", (event) => {
  const cell = event.target.closest(".cell");
  if (!cell?.data || lens !== "maps") return;
  const side = 16 / cell.data.size;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -side, ArrowDown: side }[event.key];
  if (!step) return;
  event.preventDefault();
  place = { cell, tile: place.tile + step };
  point();
});

// --- at the start -------------------------------------------------------------------------------

// Far out of sight, under another tab too, nothing has to be asked for the board.
const isSeen = new IntersectionObserver(
  (entries) => {
    isInSight = entries.at(-1).isIntersecting;
    element.firstElementChild.dataset.inSight = isInSight;
    tell();
  },
  { rootMargin: "240px" }, // a little before, so that nobody scrolls to empty pictures
);
isSeen.observe(element.querySelector(".nets"));
// Light and dark are a class on the body: what was painted in ink follows.
new MutationObserver(render).observe(document.body, { attributeFilter: ["class"] });
if (window.linkedBoard) want(window.linkedBoard.units, window.linkedBoard.lens);
render();
