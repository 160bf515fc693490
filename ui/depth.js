// Runs once when the tab of depth is there; Gradio hands in element, props and server.

const measured = element.querySelector(".measured");
const says = element.querySelector(".says");
const send = element.querySelector("[data-send]");
const chosen = (name) => element.querySelector(`[name="depth-${name}"]:checked`).value;

whenSeen("measured", (reply) => {
  measured.innerHTML = reply.figures ?? "";
  measured.setAttribute("aria-busy", "false");
});

// --- the thermometer ----------------------------------------------------------------------------

const choice = () => ({ depth: Number(chosen("depth")), has_norm: chosen("norm") === "true" });

// What is stored of the choice: medians over seeds, and the sentence that follows from them.
function stored() {
  const { depth, has_norm } = choice();
  const found = props.stored[`${depth} ${has_norm} ${chosen("when")}`];
  if (found) draw(found.nets, found.says);
  else {
    draw(null, "No runs are stored here. Send an error back to see what becomes of it.");
  }
}

async function sendBack() {
  element.querySelector('[name="depth-when"][value="start"]').checked = true;
  send.disabled = true;
  const asked = choice();
  says.textContent = "On its way …";
  const reply = await ask("send", asked);
  send.disabled = false;
  const now = choice();
  if (now.depth !== asked.depth || now.has_norm !== asked.has_norm || chosen("when") !== "start") {
    return; // another choice since
  }
  if (reply.error) says.textContent = reply.error;
  else draw(reply.nets, reply.says);
}

// One scale for both nets and, or a bar could not be seen to grow with depth, for all depths: whole
// powers of ten around all that is finite.
function scaleOf(nets) {
  const alike = Object.entries(props.stored)
    .filter(([choice]) => choice.endsWith(` ${chosen("norm")} ${chosen("when")}`))
    .map(([, found]) => found.nets);
  const shown = [nets, ...alike].flatMap(Object.values).flat();
  const logs = shown.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(Math.min(...logs) - 0.3);
  const high = Math.ceil(Math.max(...logs));
  return logs.length ? { low, high: Math.max(high, low + 1) } : { low: -1, high: 0 };
}

function draw(nets, sentence) {
  says.textContent = sentence;
  const scale = scaleOf(nets ?? {});
  for (const row of element.querySelectorAll("[data-net]")) {
    const values = nets?.[row.dataset.net] ?? [];
    fill(row.querySelector(".bars"), values, scale);
    fillTicks(row.querySelector(".ticks"), scale, values.length > 0);
    row.dataset.stem = values[0] ?? "";
  }
  tabulate(nets);
}

function fill(bars, values, { low, high }) {
  while (bars.children.length > values.length) bars.lastChild.remove();
  while (bars.children.length < values.length) bars.append(document.createElement("i"));
  values.forEach((value, place) => {
    const bar = bars.children[place];
    bar.classList.toggle("lost", value === null);
    const share = value > 0 ? (Math.log10(value) - low) / (high - low) : 0;
    bar.style.height = value === null ? "" : `${100 * share}%`;
    bar.title = `${nameOf(place, values.length)}: ${inWords(value)}`;
  });
}

const nameOf = (place, count) =>
  place === 0 ? "stem" : place === count - 1 ? "head" : `unit ${place}`;
const inWords = (value) => (value === null ? "no finite number" : value.toPrecision(2));

function fillTicks(ticks, { low, high }, isNeeded) {
  const step = Math.max(1, Math.ceil((high - low) / 4));
  const marks = [];
  for (let power = low; isNeeded && power <= high; power += step) {
    const mark = document.createElement("span");
    mark.textContent = `1e${power}`;
    mark.style.bottom = `${(100 * (power - low)) / (high - low)}%`;
    marks.push(mark);
  }
  ticks.replaceChildren(...marks);
}

function tabulate(nets) {
  const table = document.createElement("table");
  table.className = "figures";
  const row = (parent, cells, kind) => {
    const line = parent.insertRow();
    for (const text of cells) {
      line.append(Object.assign(document.createElement(kind), { textContent: text }));
    }
  };
  const names = Object.keys(nets ?? {});
  row(table.createTHead(), ["place", ...names], "th");
  const count = nets ? nets[names[0]].length : 0;
  const body = table.createTBody();
  for (let place = 0; place < count; place++) {
    row(body, [nameOf(place, count), ...names.map((name) => inWords(nets[name][place]))], "td");
  }
  element.querySelector(".bars-table").replaceChildren(table);
}

element.querySelector(".choices").addEventListener("change", stored);
send.addEventListener("click", sendBack);
stored();
