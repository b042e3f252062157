// Keyboard for the list: j k or arrows move, x or Space ticks, Shift with an arrow ticks on the way, Ctrl+A ticks the page, Enter opens (it is a link), / searches, f filters, A takes all that match, r reviews, c compares, n p turn pages, ? helps.
// In #file-panel the same keys are about its file, and going on is left to panel.js ("panel-step").
// Focus really moves to the name of the file, so screen readers and the panel follow.
// Expects: [data-list=table|grid] with one element a file, that holds [data-panel-link] and [name=asset]; [data-key-search], [data-key-help], [data-key-review], [data-key-compare], [data-take-all], dialog#keys-help.
const links = () => [...document.querySelectorAll("[data-panel-link]")];
const help = document.getElementById("keys-help");
const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rowHere = () => document.activeElement.closest("[data-list] > *");
const panel = document.getElementById("file-panel");
const isInPanel = () => Boolean(panel?.contains(document.activeElement));

const move = (step) => {
  const all = links();
  const here = all.findIndex((link) => rowHere()?.contains(link) ?? link.hasAttribute("aria-current"));
  const isOpen = panel && !panel.hidden;
  if (isInPanel() || (isOpen && here >= 0 && !all[here + step])) return document.dispatchEvent(new CustomEvent("panel-step", { detail: Math.sign(step) }));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.focus();
  return next?.scrollIntoView({ block: "nearest" });
};

const isNowhere = () => document.activeElement === document.body;
const boxHere = () => rowHere()?.querySelector("[name=asset]") ?? (isInPanel() || isNowhere() ? panel?.querySelector("[data-panel-tick]") : null);
// Else it presses what has the focus, plays a video, or scrolls.
const isSpaceFree = (target) => boxHere() && !target.matches("button, summary, input, video, audio");
const tick = (event) => {
  boxHere()?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
};

const tickHere = () => { if (boxHere() && !boxHere().checked) boxHere().click(); };
// Whatever lies between is ticked too: in a grid, one row down is several files further.
const extend = (step) => {
  tickHere();
  for (let left = Math.abs(step); left > 0; left -= 1) {
    move(Math.sign(step));
    tickHere();
  }
};
const tickPage = () => {
  const box = document.querySelector("[data-page-box]");
  if (box && !box.checked) box.click();
};

const turn = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();
const search = () => {
  const field = document.querySelector("[data-key-search]");
  field?.focus();
  field?.select();
};

const openFilters = () => {
  const menu = document.querySelector("details[data-key-filters]");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("input:not([type=hidden])")?.focus();
};

const actions = {
  j: () => move(1),
  k: () => move(-1),
  x: tick,
  X: tick,
  " ": tick,
  n: () => turn("next"),
  p: () => turn("prev"),
  A: () => document.querySelector("[data-page-banner]:not([data-is-idle]) [data-take-all]")?.click(),
  f: () => openFilters(),
  c: () => document.querySelector("[data-key-compare]")?.click(),
  r: () => document.querySelector("[data-key-review]")?.click(),
  "/": search,
  "?": () => help?.showModal(),
};

const columns = (grid) => {
  const rows = [...grid.children];
  return rows.filter((row) => row.offsetTop === rows[0].offsetTop).length;
};
const stepOf = (key, list) => {
  if (list.dataset.list === "table") return { ArrowDown: 1, ArrowUp: -1 }[key];
  return { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(list), ArrowUp: -columns(list) }[key];
};

// Inside the list only: elsewhere arrows scroll the page and Ctrl+A marks its text.
const listAction = (event) => {
  const list = event.target.closest("[data-list]");
  if (!list) return null;
  if (event.key === "a" && (event.ctrlKey || event.metaKey)) return tickPage;
  if (event.ctrlKey || event.metaKey) return null;
  const step = stepOf(event.key, list);
  return step ? () => (event.shiftKey ? extend(step) : move(step)) : null;
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const action = listAction(event) ?? (event.ctrlKey || event.metaKey ? null : actions[event.key]);
  if (!action || (event.key === " " && !isSpaceFree(event.target))) return;
  event.preventDefault();
  action(event);
});

document.addEventListener("click", (event) => { if (event.target.closest("[data-key-help]")) help?.showModal(); });
