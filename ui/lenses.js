// A lens: what it is about, how a cell shows what the server says of a unit, and that in words.
// A cell is null while nothing is known.

const bytes = (encoded) => Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
const rounded = (value, digits = 2) => (value === null ? "–" : value.toFixed(digits));

// Levels 0 to 255 as a square picture, white on black.
function grey(levels) {
  const side = Math.sqrt(levels.length);
  const picture = new ImageData(side, side);
  levels.forEach((level, i) => picture.data.set([level, level, level, 255], 4 * i));
  return picture;
}

// Maps of one pixel, each against its own highest, would all be white: they are shown against the
// highest of all.
function beside(values) {
  const highest = Math.max(...values);
  return values.map((value) => (highest > 0 ? Math.round((255 * value) / highest) : 0));
}

function paintGrey(canvas, levels) {
  const picture = grey(levels);
  canvas.width = canvas.height = picture.width;
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// Levels as the opacity of a colour, laid over what the canvas shows.
function lay(canvas, levels, colour, most) {
  const side = canvas.width;
  const mask = new OffscreenCanvas(side, side);
  const context = mask.getContext("2d");
  const alpha = new ImageData(side, side);
  levels.forEach((level, i) => (alpha.data[4 * i + 3] = most * level));
  context.putImageData(alpha, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, side, side);
  canvas.getContext("2d").drawImage(mask, 0, 0);
}

function write(cell, ...lines) {
  const figures = cell.querySelector(".figures");
  figures.replaceChildren(
    ...lines.map(([tag, text, className = ""]) =>
      Object.assign(document.createElement(tag), { textContent: text, className }),
    ),
  );
  return figures;
}

const LENSES = {
  maps: {
    about:
      "Each picture is made of a unit’s strongest maps, black where nothing answers. Look how " +
      "strokes turn into patches, and patches into single numbers.",
    show(cell, { size, high, picture }, note) {
      const canvas = cell.querySelector("canvas");
      paintGrey(canvas, size > 1 ? bytes(picture) : beside(high));
      cell.style.setProperty("--tile", size > 1 ? `${(100 * size) / 16}%` : "0");
      cell.classList.toggle("tiled", size > 1);
      note.textContent = `${size} × ${size}`;
    },
    words: ({ channels, low, high }, tile) =>
      `channel ${channels[tile]}, from ${rounded(low[tile])} to ${rounded(high[tile])}`,
    tiles: ({ channels }) => channels.length,
  },
  edit: {
    about:
      "Number: the cosine of what goes in and what comes out. An edit keeps its input (near 1), " +
      "a rewrite does not. Bar: how large the change is beside what a shortcut would carry.",
    show(cell, { ratio, cosine }, note) {
      if (ratio === null && cosine === null) {
        write(cell, ["small", cell.dataset.cell === "0" ? "nothing before it" : "new shape"]);
        return;
      }
      const number = cosine === null ? ["small", "new shape"] : ["b", rounded(cosine)];
      const figures = write(cell, number, ["small", cosine === null ? "" : "cosine"], ["span", "", "bar"]);
      const bar = figures.querySelector(".bar").appendChild(document.createElement("i"));
      bar.style.width = `${Math.min(100, 50 * (ratio ?? 0))}%`;
      note.textContent = ratio === null ? "" : `change × ${rounded(ratio)}`;
    },
    words: ({ ratio, cosine }) =>
      ratio === null && cosine === null
        ? "in and out have other shapes: nothing to compare"
        : `the change is ${rounded(ratio)} times what the shortcut would carry, cosine ${rounded(cosine)}`,
  },
  left: {
    about:
      "The drawing, read back from each unit’s maps alone. Look where it blurs. R² is how much of " +
      "the test digits’ pixels come back there in the whole net: 1 is all, 0 their mean.",
    show(cell, { picture, r2 }, note) {
      paintGrey(cell.querySelector("canvas"), bytes(picture));
      note.textContent = `R² ${rounded(r2)}`;
    },
    words: ({ r2 }) => `R² ${rounded(r2)} over the test digits in the whole net`,
  },
  knew: {
    about:
      "A digit is what a simple reader, trained on each unit’s maps, would answer there. Look " +
      "where it first is the net’s own answer (in its colour). Below: right on the test digits, in the whole net.",
    show(cell, { digit, accuracy: [right, total] }, note, { answer }) {
      write(cell, ["b", digit, digit === answer ? "knew" : "other"]);
      note.textContent = `${inPercent(right / total)} %`;
    },
    words: ({ digit, accuracy: [right, total] }) =>
      `reads a ${digit} here, and ${inPercent(right / total)} % of the test digits right in the whole net`,
  },
  why: {
    about:
      "Colour lies where a unit’s maps speak for the answer (Grad-CAM); at the stem, pixels that " +
      "would change it most. Look whether it lies on the stroke that makes the digit.",
    show(cell, { picture, gradient, size }, note, { drawing, accent, ink }) {
      const heat = gradient ?? picture;
      note.textContent = gradient ? "pixels" : `${size} × ${size}`;
      if (heat === null) {
        write(cell, ["small", "one pixel: no place left"]);
        return;
      }
      const canvas = cell.querySelector("canvas");
      canvas.width = canvas.height = props.side;
      lay(canvas, bytes(drawing), ink, 0.55);
      lay(canvas, bytes(heat), accent, 0.85);
    },
    words: ({ picture, gradient, size }) => {
      if (gradient) return "the pixels that would change the answer most";
      return picture === null ? "one pixel: no place left" : `where its ${size} × ${size} maps speak for it`;
    },
  },
};
