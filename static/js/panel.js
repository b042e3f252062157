// Opens a file beside the list, goes on to the next and the previous one with the list following, and notes it in the address:
// Back closes what was opened. Beside the list the focus stays in the list; on a phone the panel is a sheet and takes it.
// Expects: #file-panel, filled by links [data-panel-link] whose address ends in the id of the file; inside it #file-panel-title,
// [data-panel-close], [data-panel-step=1|-1] and [data-panel-tick], which follows the row's [name=asset]; a[rel=next|prev] to the list's other pages.
// Hears "panel-step" with a detail of 1 or -1, and "ticks-made" and "ticks-known" (selection.js).
const panel = document.getElementById("file-panel");
const isSheet = matchMedia("(max-width: 44rem)");
const GOES_ON = "panel-goes-on";
const page = String(Math.random()); // Marks what this page put into the history: going back from there loads nothing.

const idOf = (link) => decodeURIComponent(link.pathname.split("/").at(-2));
const links = () => [...document.querySelectorAll("[data-panel-link]")];
const linkOf = (fileId) => links().find((link) => idOf(link) === fileId);
const inAddress = () => new URLSearchParams(location.search).get("panel") ?? "";
let shown = inAddress();
let asked = ""; // The file that was asked for last; a late answer about another one is not shown.
let wanted = 0;

const mark = () => {
  for (const link of document.querySelectorAll("[data-panel-link][aria-current]")) link.removeAttribute("aria-current");
  linkOf(shown)?.setAttribute("aria-current", "true");
  const at = links().findIndex((link) => idOf(link) === shown);
  for (const button of panel.querySelectorAll("[data-panel-step]")) {
    const step = Number(button.dataset.panelStep);
    button.disabled = !links()[at + step] && !document.querySelector(`a[rel=${step > 0 ? "next" : "prev"}]`);
  }
};

const note = (fileId) => {
  const isFirst = !shown && fileId;
  shown = fileId;
  mark();
  if (fileId === inAddress()) return;
  const address = new URL(location.href);
  if (fileId) address.searchParams.set("panel", fileId);
  else address.searchParams.delete("panel");
  if (isFirst) history.pushState({ panel: page }, "", address);
  else history.replaceState(fileId ? history.state : null, "", address);
};

// What a sheet covers can be reached neither with Tab nor by a screen reader, also what comes there meanwhile.
const isCovering = () => isSheet.matches && !panel.hidden;
const cover = () => {
  const isCovered = isCovering();
  for (let node = panel; node !== document.body; node = node.parentElement) {
    for (const other of node.parentElement.children) if (other !== node && other.id !== "announcer") other.inert = isCovered;
  }
  if (isCovered) arrivals.observe(document.body, { childList: true, subtree: true });
  else arrivals.disconnect();
};
const arrivals = new MutationObserver(cover);

const hide = () => {
  panel.hidden = true;
  panel.replaceChildren();
  cover();
};

const focusLink = (link) => {
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest" });
};

const close = () => {
  const link = linkOf(shown);
  asked = "";
  hide();
  focusLink(link);
  if (history.state?.panel !== page) return note("");
  addEventListener("popstate", () => requestAnimationFrame(() => focusLink(link)), { once: true });
  return history.back();
};

const turn = (step) => {
  const link = document.querySelector(`a[rel=${step > 0 ? "next" : "prev"}]`);
  if (!link) return;
  try { sessionStorage.setItem(GOES_ON, step > 0 ? "first" : "last"); } catch { /* Then the next page begins without a file. */ }
  location.assign(link.href);
};

const goOn = (step) => {
  const all = links();
  const at = all.findIndex((link) => idOf(link) === (asked || shown));
  const next = at < 0 ? all[0] : all[at + step];
  if (!next) return turn(step);
  next.scrollIntoView({ block: "nearest" });
  const isFocusInList = !panel.contains(document.activeElement) && !isSheet.matches;
  return isFocusInList ? next.focus() : next.click();
};

const beganHere = () => {
  let where = "";
  try {
    where = sessionStorage.getItem(GOES_ON) ?? "";
    sessionStorage.removeItem(GOES_ON);
  } catch { /* Nothing was noted. */ }
  const link = where && links().at(where === "first" ? 0 : -1);
  if (!link) return;
  if (!isSheet.matches) link.focus();
  link.click();
};

const rowBox = (value) => document.querySelector(`[data-list] [name=asset][value="${CSS.escape(value)}"]`);
const showTick = () => {
  const box = panel.querySelector("[data-panel-tick]");
  const row = box && rowBox(box.value);
  if (row) box.checked = row.checked;
};

const swapped = (fileId) => {
  const isOpening = panel.hidden;
  panel.hidden = false;
  panel.scrollTop = 0;
  note(fileId);
  showTick();
  cover();
  const heading = document.getElementById("file-panel-title");
  if (isSheet.matches && (isOpening || !panel.contains(document.activeElement))) heading?.focus({ preventScroll: true });
};

const isBusyElsewhere = () => document.querySelector("dialog[open], details[data-menu][open]");
const hasOwnArrows = (element) => element.matches("input:not([type=checkbox]), textarea, select, video, audio, .table-wrap");

if (panel) {
  if (shown) {
    mark();
    showTick();
    cover();
    if (isSheet.matches) document.getElementById("file-panel-title")?.focus({ preventScroll: true });
  }
  isSheet.addEventListener("change", cover);
  // Enter on the file that is open goes into its panel.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-panel-link]");
    if (!link) return;
    // The browser itself opens a new tab or window.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    asked = idOf(link);
    event.preventDefault();
    if (asked !== shown || panel.hidden) return htmx.ajax("get", link.getAttribute("href"), { source: link, target: panel });
    return document.getElementById("file-panel-title")?.focus();
  }, true);
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const link = detail.target === panel && detail.requestConfig.elt.matches("[data-panel-link]") && detail.requestConfig.elt;
    if (link && idOf(link) !== asked) detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    // Another list, whose address names no file.
    if (event.detail.target.id === "library-main") { asked = ""; shown = ""; hide(); }
    if (event.detail.target !== panel) return;
    const { elt } = event.detail.requestConfig;
    swapped(elt.matches("[data-panel-link]") ? idOf(elt) : "");
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-close]")) {
      event.preventDefault();
      close();
    }
    const step = event.target.closest("[data-panel-step]");
    if (step) goOn(Number(step.dataset.panelStep));
  });
  document.addEventListener("panel-step", ({ detail }) => goOn(detail));
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-panel-tick]")) return;
    const row = rowBox(target.value);
    if (row) row.click();
    else document.dispatchEvent(new CustomEvent("ticks-made", { detail: [[target.value, target.checked]] }));
  });
  for (const name of ["ticks-made", "ticks-known"]) document.addEventListener(name, () => showTick());
  document.addEventListener("keydown", (event) => {
    if (panel.hidden || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || isBusyElsewhere()) return;
    if (event.key === "Escape") return close();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    // In the list keys.js moves; elsewhere, and sideways in a table, the arrows go on from file to file.
    if (!step || hasOwnArrows(event.target) || event.target.closest("[data-list=grid]")) return undefined;
    event.preventDefault();
    return goOn(step);
  });
  document.addEventListener("focusin", (event) => {
    const link = event.target.closest("[data-panel-link]");
    clearTimeout(wanted);
    if (!link || panel.hidden || idOf(link) === shown) return;
    // Only where somebody stops: running down the list with j asks for nothing.
    wanted = setTimeout(() => { if (link === document.activeElement && idOf(link) !== shown) link.click(); }, 180);
  });
  window.addEventListener("popstate", () => {
    const fileId = inAddress();
    if (fileId === shown) return;
    const link = linkOf(fileId || shown);
    if (fileId) return link ? link.click() : location.reload();
    shown = "";
    asked = "";
    hide();
    mark();
    return focusLink(link);
  });
  document.addEventListener("DOMContentLoaded", beganHere); // Not before htmx knows the links.
}
