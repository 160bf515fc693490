// @ts-check
// One stop of the Tab key for many controls: the arrow keys lead from one to the next.

/**
 * @param {(HTMLElement | null)[][]} rows as the controls stand; null where there is none
 */
export function rove(rows) {
  const all = rows.flat().filter((one) => one !== null);
  const come = (/** @type {HTMLElement} */ chosen) => {
    for (const one of all) one.tabIndex = one === chosen ? 0 : -1;
  };
  rows.forEach((row, y) => {
    row.forEach((control, x) => {
      control?.addEventListener("focus", () => come(control));
      control?.addEventListener("keydown", (event) => {
        if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
        const next = nextOf(rows, y, x).get(event.key);
        if (!next) return;
        event.preventDefault();
        next.focus();
      });
    });
  });
  come(rows.at(-1)?.[0] ?? all[0]);
}

/**
 * Where each key leads to.
 * @param {(HTMLElement | null)[][]} rows
 * @param {number} y
 * @param {number} x
 */
function nextOf(rows, y, x) {
  const [before, after] = [rows[y].slice(0, x), rows[y].slice(x + 1)];
  const isThere = (/** @type {HTMLElement | null} */ one) => one !== null;
  return new Map([
    ["ArrowLeft", before.findLast(isThere)],
    ["ArrowRight", after.find(isThere)],
    ["Home", before.find(isThere)],
    ["End", after.findLast(isThere)],
    ["ArrowUp", rows[y - 1]?.[x]],
    ["ArrowDown", rows[y + 1]?.[x]],
  ]);
}
