// @ts-check
// What the browser notes of the triangles for paths.py, which finds it in window.paths. Times in ms
// count from where performance.now() does.

const triangles = /** @type {HTMLElement} */ (document.querySelector("#paths .nets"));
const times = { clicked: 0, shown: 0 };

new MutationObserver(() => {
  if (triangles.ariaBusy === "false") times.shown = performance.now();
}).observe(triangles, { attributeFilter: ["aria-busy"] });

document.addEventListener(
  "click",
  ({ timeStamp }) => {
    times.clicked = timeStamp;
  },
  { capture: true },
);

/** Whether the dots are those of the click, or of whatever came after it. */
const isShown = () => triangles.ariaBusy === "false" && times.shown > times.clicked;

/**
 * How long the page's worker takes to answer for all that is left of a net.
 * @param {string} net
 */
async function ask(net) {
  const { page } = await import(new URL("ui/page.js", document.baseURI).href);
  const { reading, reply } = page.state;
  const { board, ...drawing } = reply.asked;
  const start = performance.now();
  const { digits } = await reading.paths({ ...drawing, net });
  return { lasted: performance.now() - start, nets: digits.length };
}

Object.assign(window, { paths: { read: () => times, isShown, ask } });
