// Runs once when the page of mistakes is there; Gradio hands in element and props.

const buttons = element.querySelectorAll("[data-index]");

// The server reads MNIST for these, and nobody may ever look.
whenSeen("digits", (reply) => {
  const digits = new Map(reply.digits?.map((digit) => [String(digit.index), digit]));
  for (const button of reply.error ? [] : buttons) fill(button, digits.get(button.dataset.index));
});

function fill(button, digit) {
  button.querySelector("b").textContent = digit.label;
  button.title = `MNIST test digit ${digit.index}, labelled ${digit.label}: put it on the pad`;
  button.disabled = false;
  const canvas = button.querySelector("canvas");
  paint(canvas, digit.pixels);
  button.addEventListener("click", () => {
    const tab = document.getElementById("draw-button");
    tab.click();
    tab.focus(); // the chosen digit is out of sight now
    document.dispatchEvent(new CustomEvent("put-digit", { detail: { ...digit, pixels: canvas } }));
  });
}

// Black ink on nothing; the style sheet turns it white in the dark.
function paint(canvas, encoded) {
  canvas.width = canvas.height = props.side;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(props.side, props.side);
  const levels = atob(encoded);
  for (let i = 0; i < levels.length; i++) pixels.data[4 * i + 3] = levels.charCodeAt(i);
  context.putImageData(pixels, 0, 0);
}
