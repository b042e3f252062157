// Sets the theme before the first paint, so it is a plain script in <head>, not a module (modules wait for the page).
// The choice lives in localStorage under "theme", the same place and words as Django's admin: one choice for both.
// Expects: <button data-theme-choice="auto|light|dark" aria-pressed>.
(() => {
  const root = document.documentElement;
  const chosen = () => { try { return localStorage.getItem("theme") || "auto"; } catch { return "auto"; } };
  const show = () => {
    root.dataset.theme = chosen();
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === root.dataset.theme));
    }
  };
  root.classList.add("has-js");
  show();
  document.addEventListener("DOMContentLoaded", show);
  window.addEventListener("storage", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem("theme", button.dataset.themeChoice); } catch { root.dataset.theme = button.dataset.themeChoice; }
    show();
  });
})();
