// @ts-check
// The language of the first visit is the browser's, later the one that was chosen last. A page of
// the visitor's language takes this one's place before anything is painted, so this is no module.

{
  const KEY = "language";
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  /** @type {Record<string, string>} addresses of the page in languages beside its first */
  const others = JSON.parse(`${script.dataset.others}`);

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // this browser keeps nothing for us
    }
  };

  const wanted = remembered() ?? navigator.language.slice(0, 2);
  const isNamed = new URLSearchParams(location.search).has("lang");
  const isFirst = !Object.values(others).some((address) => location.pathname.endsWith(address));
  if (isFirst && !isNamed && wanted in others) {
    location.replace(
      new URL(others[wanted], document.baseURI).href + location.search + location.hash,
    );
  }

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-language]") : null;
    if (!(link instanceof HTMLAnchorElement)) return;
    try {
      localStorage.setItem(KEY, `${link.dataset.language}`);
    } catch {
      // then the address alone says it
    }
    link.hash = location.hash; // the drawing comes along
  });
}
