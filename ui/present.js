// @ts-check
// Presenter mode: the whole screen, large type, and steps for a clicker, which sends Page Down and
// Page Up.

import { findButton, findText, setText } from "./dom.js";
import { t } from "./language.js";
import { page } from "./page.js";
import { startOver } from "./page_link.js";
import { isDark, keepScheme, switchScheme } from "./page_scheme.js";
import { tabs } from "./page_tabs.js";
import { enlarge } from "./present_type.js";

const STEPS = new Map([
  ["PageDown", 1],
  ["PageUp", -1],
]);
// What has the focus there takes these keys for itself.
const TAKES_KEYS = "input:not([type=radio], [type=checkbox]), textarea, select, dialog";

/** @param {HTMLElement} element */
export function listenToPresenter(element) {
  const button = findButton(element, '[data-do="present"]');
  const scheme = findButton(element, '[data-do="scheme"]');
  const nameScheme = () => setText(scheme, isDark() ? t("Light") : t("Dark"));

  keepScheme();
  page.subscribe(["isPresenting"], ({ isPresenting }) => {
    enlarge(isPresenting);
    findText(element, ".presenter").hidden = !isPresenting;
    findText(element, ".title").dataset.presenting = `${isPresenting}`;
    button.ariaPressed = `${isPresenting}`;
    setText(button, isPresenting ? t("End") : t("Present"));
    nameScheme();
  });
  button.addEventListener("click", () => present(!page.state.isPresenting));
  scheme.addEventListener("click", () => {
    switchScheme();
    nameScheme();
  });
  findButton(element, '[data-do="restart"]').addEventListener("click", restart);
  for (const step of element.querySelectorAll("[data-step]")) {
    step.addEventListener("click", () => go(Number(step.getAttribute("data-step"))));
  }
  document.addEventListener("keydown", listen);
  // Esc leaves the whole screen without any key of ours: that is the end of it.
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) page.set({ isPresenting: false });
  });
}

/** @param {boolean} isPresenting */
async function present(isPresenting) {
  page.set({ isPresenting });
  const { fullscreenElement, fullscreenEnabled, documentElement } = document;
  try {
    if (isPresenting && fullscreenEnabled) await documentElement.requestFullscreen();
    else if (fullscreenElement) await document.exitFullscreen();
  } catch {
    // Not allowed here: the type is large all the same.
  }
}

/** All but presenting itself. */
function restart() {
  const { isPresenting } = page.state;
  startOver();
  page.set({ isPresenting });
  scrollTo(0, 0);
}

/** @param {KeyboardEvent} event */
function listen(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (target instanceof Element && target.closest(TAKES_KEYS)) return;
  const { isPresenting } = page.state;
  const step = STEPS.get(key);
  if (step && isPresenting) {
    event.preventDefault();
    go(step);
  } else if (key.toLowerCase() === "f" && !isControl(target)) present(!isPresenting);
}

/**
 * The pad has the focus after every stroke, and no use for letters.
 * @param {EventTarget | null} target
 */
const isControl = (target) =>
  target instanceof Element && target !== document.body && !target.matches('[data-testid="pad"]');

/**
 * Through the tour while that is under way, else to another tab.
 * @param {number} step 1 or -1
 */
function go(step) {
  const { tour } = page.state;
  if (tour > 0) {
    // A guess is wanted first: until there is one, this button is off.
    if (step > 0) findButton(document, '[data-testid="tour"] .next').click();
    else page.set({ tour: Math.max(1, tour - 1) });
    return;
  }
  const all = tabs();
  const at = all.findIndex((tab) => tab.ariaSelected === "true");
  all[at + step]?.click();
  scrollTo(0, 0);
}
