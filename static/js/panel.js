// Opens the file panel beside the list, keeps it in step with the focused row, and notes it in the address.
// Expects: #file-panel, filled by links [data-panel-link] whose address ends in the id of the file; inside it [data-panel-close].
const panel = document.getElementById("file-panel");
const idOf = (link) => decodeURIComponent(link.pathname.split("/").at(-2));
const linkOf = (fileId) => [...document.querySelectorAll("[data-panel-link]")].find((link) => idOf(link) === fileId);
let shown = new URLSearchParams(location.search).get("panel") ?? "";
let wanted = 0;

const note = (fileId) => {
  shown = fileId;
  const address = new URL(location.href);
  if (fileId) address.searchParams.set("panel", fileId);
  else address.searchParams.delete("panel");
  history.replaceState(history.state, "", address);
  for (const link of document.querySelectorAll("[data-panel-link][aria-current]")) link.removeAttribute("aria-current");
  linkOf(fileId)?.setAttribute("aria-current", "true");
};

const close = () => {
  const link = linkOf(shown);
  panel.hidden = true;
  panel.replaceChildren();
  note("");
  link?.focus();
};

if (panel) {
  if (shown) note(shown);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-panel-link]");
    // The browser itself opens a new tab or window.
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    htmx.ajax("get", link.getAttribute("href"), { source: link, target: panel });
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    // Another list, whose address names no file.
    if (event.detail.target.id === "library-main") { panel.hidden = true; panel.replaceChildren(); shown = ""; }
    if (event.detail.target !== panel) return;
    panel.hidden = false;
    note(event.detail.requestConfig.elt.matches("[data-panel-link]") ? idOf(event.detail.requestConfig.elt) : "");
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-panel-close]")) return;
    event.preventDefault();
    close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden && !document.querySelector("dialog[open], details[data-menu][open]")) close();
  });
  document.addEventListener("focusin", (event) => {
    const link = event.target.closest("[data-panel-link]");
    if (!link || panel.hidden || idOf(link) === shown) return;
    clearTimeout(wanted);
    // Only where somebody stops: running down the list with j asks for nothing.
    wanted = setTimeout(() => { if (link === document.activeElement) link.click(); }, 180);
  });
}
