// What is done to a net and what was measured of it, in words. No state.

const isWhole = (unit) => !unit.is_out && unit.has_shortcut && unit.dial === 1;

// What it comes to for one net: a plain unit that changes the shape stays in, and there is no
// shortcut to cut. Without a net: what was done, to whichever.
function effect(units, net = null) {
  const which = (test) => units.flatMap((unit, i) => (test(unit, i + 1) ? [i + 1] : []));
  const stays = (i) => Boolean(net?.stays.includes(i));
  return {
    out: which((unit, i) => unit.is_out && !stays(i)),
    kept: which((unit, i) => unit.is_out && stays(i)),
    cut: which((unit) => !unit.has_shortcut && net?.hasShortcuts !== false),
    turned: which((unit) => unit.dial !== 1).map((i) => [i, units[i - 1].dial]),
  };
}

function isNothing({ out, cut, turned }) {
  return out.length + cut.length + turned.length === 0;
}

function listed(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

function isOrAre(thing, items, state) {
  if (items.length === 0) return [];
  return [`${thing}${items.length > 1 ? "s" : ""} ${listed(items)} ${items.length > 1 ? "are" : "is"} ${state}`];
}

// "Unit 2 is out, the f of unit 4 is × 0.5", or "" for a whole net.
function told({ out, cut, turned }) {
  const text = [
    ...isOrAre("unit", out, "out"),
    ...isOrAre("shortcut", cut, "cut"),
    ...turned.map(([i, dial]) => `the f of unit ${i} is × ${dial}`),
  ].join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// The same on one short line, for a card.
function brief(done) {
  const { out, cut, turned } = done;
  const count = out.length + cut.length + turned.length;
  if (count > 1) return `${count} parts altered`;
  return turned.length > 0 ? `Unit ${turned[0][0]}: f × ${turned[0][1]}` : told(done);
}

// Test digits read right so, as a share; undefined where it was not measured.
function share(table, { out, cut, turned }) {
  const kinds = [out, cut, turned].filter((items) => items.length > 0);
  let right;
  if (kinds.length === 0) right = table.whole;
  else if (kinds.length > 1) right = undefined;
  else if (out.length > 0) right = table.out?.[out.join(",")];
  else if (cut.length === 1) right = table.cut?.[cut[0]];
  else if (turned.length === 1) right = table.dial?.[turned[0][0]]?.[turned[0][1]];
  return right === undefined ? undefined : right / table.total;
}

const inPercent = (value) => (100 * value).toFixed(2);

// {text, seeds}: what was measured of a net so, and how far it goes over seeds.
function measured(net, done) {
  if (!net.measured) return { text: "no measured figures for these weights", seeds: "" };
  const { shipped, seeds, epochs } = net.measured;
  const found = share(shipped, done);
  if (found === undefined) return { text: "not measured in this combination", seeds: "" };
  const whole = isNothing(done) ? "" : ` (whole: ${inPercent(shipped.whole / shipped.total)} %)`;
  const others = seeds.map((seed) => share(seed, done)).filter((value) => value !== undefined);
  const trained = epochs ? `, ${epochs} ${epochs === 1 ? "epoch" : "epochs"} each` : "";
  const range = [Math.min(...others), Math.max(...others)].map(inPercent);
  return {
    text: `${inPercent(found)} % of the test digits${whole}`,
    seeds: others.length > 1 ? `${others.length} seeds${trained}: ${range[0]} to ${range[1]} %` : "",
  };
}

// What an answer is now, beside what the whole net said to the same drawing, if that is known.
function reading(answer, before) {
  if (!before) return aDigit(answer.digit);
  if (answer.digit === before.digit) return `still ${aDigit(answer.digit)}`;
  return `${aDigit(answer.digit)}, whole it was ${aDigit(before.digit)}`;
}
