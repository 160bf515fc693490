// @ts-check
// Type half as large again, as if the browser's own zoom were at 150 %: the page is zoomed, and its
// rules for narrow screens begin at widths that are zoomed too, which a style sheet cannot do alone.

const FACTOR = 1.5;

/** @type {Map<CSSMediaRule, string>} the rules that are changed, as they were written */
const written = new Map();
// Gradio brings the style sheets of a tab when it is first opened.
const observer = new MutationObserver((changes) => {
  const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
  if (added.some((node) => node instanceof HTMLElement && /^(STYLE|LINK)$/.test(node.tagName))) {
    shift();
  }
});

/** @param {boolean} isLarge */
export function enlarge(isLarge) {
  const root = document.documentElement;
  root.style.zoom = isLarge ? `${FACTOR}` : "";
  root.classList.toggle("presenting", isLarge);
  if (isLarge) {
    shift();
    observer.observe(root, { childList: true, subtree: true });
  } else {
    observer.disconnect();
    for (const [rule, text] of written) rule.media.mediaText = text;
    written.clear();
  }
}

function shift() {
  for (const rule of [...document.styleSheets].flatMap((sheet) => mediaRules(sheet))) {
    const text = rule.media.mediaText;
    if (written.has(rule) || !text.includes("px")) continue;
    written.set(rule, text);
    rule.media.mediaText = text.replace(/([\d.]+)px/g, (_, size) => `${FACTOR * Number(size)}px`);
  }
}

/**
 * All of a sheet, or within a rule of one.
 * @param {CSSStyleSheet | CSSRule} parent
 * @returns {CSSMediaRule[]}
 */
function mediaRules(parent) {
  const own = parent instanceof CSSMediaRule ? [parent] : [];
  const rules = "cssRules" in parent ? /** @type {CSSRuleList} */ (parent.cssRules) : [];
  return [...own, ...[...rules].flatMap(mediaRules)];
}
