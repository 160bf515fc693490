// @ts-check
// Light or dark. The page follows the system until a visitor chooses, which is kept for the visit.

const KEY = "scheme"; // shell/dark.js reads it too

export const isDark = () => document.body.classList.contains("dark");

/** Shows the page as the visitor chose before it was loaded anew. */
export function keepScheme() {
  try {
    const kept = sessionStorage.getItem(KEY);
    if (kept) document.body.classList.toggle("dark", kept === "dark");
  } catch {
    // No storage in this browser: then it is chosen again.
  }
}

export function switchScheme() {
  const isNowDark = document.body.classList.toggle("dark");
  try {
    sessionStorage.setItem(KEY, isNowDark ? "dark" : "light");
  } catch {
    // As above.
  }
}
