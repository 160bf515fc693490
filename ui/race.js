// Runs once when the tab is built; Gradio hands in element, props and server. The picture of the
// stored runs comes from the server; the visitor's own curves are drawn over it here.

const [picture, stored, state, finding, fair, twin] = [
  ".picture", ".stored", ".state", ".finding", ".fair", ".own-twin",
].map((name) => element.querySelector(name));
const [startButton, stopButton] = element.querySelectorAll(".go button");
const inputs = [...element.querySelectorAll("input")];
const NETS = ["residual", "plain"];
const PAUSE = 250; // ms between two looks
const SVG = "http://www.w3.org/2000/svg";

let race = null; // {ticket, seed, choice, points, fails} from the click on Start
let shown = 0; // counts the choices, for a late picture is no longer wanted
let hasPicture = false;

const chosen = (name) => element.querySelector(`[name="race-${name}"]:checked`).value;

function choice() {
  return { depth: Number(chosen("depth")), has_norm: chosen("norm") === "true", rate: Number(chosen("rate")) };
}

// --- the picture -----------------------------------------------------------------------------

async function showPicture() {
  const mine = ++shown;
  const reply = await ask("course", choice());
  if (mine !== shown) return;
  hasPicture = !reply.error;
  if (reply.error) say(reply.error);
  // Another choice's bands would lie under this one: rather none.
  [picture.innerHTML, stored.innerHTML] = [reply.picture ?? "", reply.stored ?? ""];
  drawCurves();
}

function sayWhatIsFair() {
  const { depth, has_norm, rate } = choice();
  const best = props.fair[`${depth} ${has_norm}`];
  const equal = "Both nets learn at the same rate, or it would not be fair.";
  if (best === null || best === undefined) fair.textContent = equal;
  else if (best === rate) {
    fair.textContent = `${equal} At ${best} the stored runs of both together end best.`;
  } else fair.textContent = `${equal} At ${best}, not at ${rate}, the stored runs of both together end best.`;
}

function drawCurves() {
  for (const svg of picture.querySelectorAll("svg[data-axes]")) {
    const [axes] = JSON.parse(svg.dataset.axes);
    const along = (value, [from, to], [start, end]) => start + ((value - from) / (to - from)) * (end - start);
    svg.querySelector(".own")?.remove();
    const group = svg.appendChild(document.createElementNS(SVG, "g"));
    group.setAttribute("class", "own");
    for (const net of NETS) {
      const places = ofNet(net).map(({ step, right }) => [
        along(step, axes.xlim, [axes.left, axes.right]),
        along(right, axes.ylim, [axes.bottom, axes.top]),
      ]);
      const line = group.appendChild(document.createElementNS(SVG, "polyline"));
      line.setAttribute("class", net);
      line.setAttribute("points", places.map((place) => place.map((at) => at.toFixed(1)).join()).join(" "));
      if (places.length === 0) continue;
      const end = group.appendChild(document.createElementNS(SVG, "circle"));
      end.setAttribute("class", net);
      end.setAttribute("cx", places.at(-1)[0]);
      end.setAttribute("cy", places.at(-1)[1]);
      end.setAttribute("r", 4.5);
    }
  }
}

const ofNet = (net) => (race?.points ?? []).filter((point) => point.net === net);

function showFigures() {
  for (const net of NETS) {
    element.querySelector(`.chip.${net} b`).textContent = ofNet(net).at(-1)?.right ?? "–";
  }
  const rows = ofNet("residual").map((left, i) => [left, ofNet("plain")[i]]);
  twin.toggleAttribute("data-empty", rows.length === 0);
  twin.querySelector("tbody").replaceChildren(
    ...rows.map(([left, right]) => {
      const row = document.createElement("tr");
      row.append(
        ...[left.step, left.right, loss(left), right?.right ?? "", right ? loss(right) : ""].map((text) => {
          const cell = document.createElement("td");
          cell.textContent = text;
          return cell;
        }),
      );
      return row;
    }),
  );
}

const loss = (point) => (point.loss === null ? "no number" : point.loss.toFixed(3));

function clear() {
  race = null;
  finding.textContent = "";
  say("");
  drawCurves();
  showFigures();
}

// --- the race --------------------------------------------------------------------------------

function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

function be(isRacing) {
  const [off, on] = isRacing ? [startButton, stopButton] : [stopButton, startButton];
  on.disabled = false;
  if (document.activeElement === off) on.focus(); // a disabled button would lose the keys
  off.disabled = true;
  for (const input of inputs) input.disabled = isRacing;
}

async function start() {
  clear();
  be(true);
  if (!hasPicture) showPicture();
  const mine = (race = { choice: choice(), points: [], fails: 0 });
  say("Asking for a race.");
  const reply = await ask("start", mine.choice);
  Object.assign(mine, reply);
  if (race !== mine) {
    if (reply.ticket) ask("stop", { ticket: reply.ticket });
  } else if (reply.error) end(reply.error);
  else look(mine);
}

function stop() {
  const { ticket, points } = race;
  if (ticket) ask("stop", { ticket });
  end(points.length ? `Stopped after step ${points.at(-1).step} of ${props.steps}.` : "Stopped.");
}

function end(text) {
  say(text);
  race = { points: race.points };
  be(false);
}

async function look(mine) {
  const reply = await ask("look", { ticket: mine.ticket, since: mine.points.length });
  if (race !== mine) return;
  mine.fails = reply.error ? mine.fails + 1 : 0;
  if (mine.fails > 8) return end(reply.error); // two seconds of a server that is not there
  if (!reply.error) {
    if (reply.points.length) {
      mine.points.push(...reply.points);
      drawCurves();
      showFigures();
    }
    if (reply.state === "finished") {
      finding.textContent = reply.finding;
      return end(`Seed ${mine.seed}: ${props.steps} steps of both in ${reply.seconds.toFixed(0)} seconds.`);
    }
    if (reply.state === "failed") return end(reply.fault);
    if (reply.state === "stopped") return end("The server has stopped this race: nobody looked at it.");
    say(words(reply, mine));
  }
  setTimeout(look, PAUSE, mine);
}

function words({ state, ahead }, { seed, points }) {
  if (state === "waiting" && ahead > 0) {
    return `${ahead === 1 ? "One race goes" : `${ahead} races go`} before yours. It starts by itself.`;
  }
  if (points.length === 0) return `Seed ${seed}: both nets are being made.`;
  return `Seed ${seed}: step ${points.at(-1).step} of ${props.steps}.`;
}

startButton.addEventListener("click", start);
stopButton.addEventListener("click", stop);
element.querySelector(".choices").addEventListener("change", ({ target }) => {
  const best = props.fair[`${choice().depth} ${choice().has_norm}`];
  if (target.name !== "race-rate" && best) {
    element.querySelector(`[name="race-rate"][value="${best}"]`).checked = true;
  }
  clear(); // a race belongs to the picture that it was run on
  sayWhatIsFair();
  showPicture();
});
sayWhatIsFair();
showFigures();

// The server draws when a visitor first sees this tab, not before.
new IntersectionObserver((entries) => {
  if (!hasPicture && entries.at(-1).isIntersecting) showPicture();
}).observe(element);
