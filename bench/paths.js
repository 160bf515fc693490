// @ts-check
// What the browser notes of the triangles for paths.py, which finds it in window.paths. Times in ms
// count from where performance.now() does.

const nets = /** @type {HTMLElement} */ (document.querySelector("#paths .nets"));
const noted = { clicked: 0, shown: 0 };

new MutationObserver(() => {
  if (nets.ariaBusy === "false") noted.shown = performance.now();
}).observe(nets, { attributeFilter: ["aria-busy"] });

document.addEventListener(
  "click",
  ({ timeStamp }) => {
    noted.clicked = timeStamp;
  },
  { capture: true },
);

/** Whether the dots are those of the click, or of whatever came after it. */
const isShown = () => nets.ariaBusy === "false" && noted.shown > noted.clicked;

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

Object.assign(window, { paths: { read: () => noted, isShown, ask } });
