// @ts-check
// Light or dark as the system is, or as was chosen in this visit (page_scheme.js): before anything is
// painted, so no module.

{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => {
    try {
      return sessionStorage.getItem("scheme");
    } catch {
      return null; // no storage in this browser
    }
  };
  const follow = () =>
    document.body.classList.toggle("dark", kept() ? kept() === "dark" : dark.matches);
  follow();
  dark.addEventListener("change", follow);
}
