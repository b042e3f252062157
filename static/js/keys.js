// Keyboard for the list: j k or arrows move, x ticks, Shift with an arrow ticks on the way, Ctrl+A ticks the page, Enter opens (it is a link), / searches, n p turn pages, ? helps.
// Focus really moves to the name of the file, so screen readers and the panel follow.
// Expects: rows with [data-panel-link] and [data-range-item], [data-key-search], [data-key-help], dialog#keys-help.
const links = () => [...document.querySelectorAll("[data-panel-link]")];
const help = document.getElementById("keys-help");
const isTyping = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

const move = (step) => {
  const all = links();
  const row = document.activeElement.closest("tr");
  const here = all.findIndex((link) => row?.contains(link));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};

const boxHere = () => document.activeElement.closest("tr")?.querySelector("[data-range-item]");
const tick = (event) => {
  boxHere()?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
};

const tickHere = () => { if (boxHere() && !boxHere().checked) boxHere().click(); };
const extend = (step) => { tickHere(); move(step); tickHere(); };
const tickPage = () => {
  const box = document.querySelector("[data-page-box]");
  if (box && !box.checked) box.click();
};

const turn = (rel) => document.querySelector(`a[rel=${rel}]`)?.click();

const actions = {
  j: () => move(1),
  k: () => move(-1),
  x: tick,
  X: tick,
  n: () => turn("next"),
  p: () => turn("prev"),
  "/": () => document.querySelector("[data-key-search]")?.select(),
  "?": () => help?.showModal(),
};
const steps = { ArrowDown: 1, ArrowUp: -1 };

// Inside the list only: elsewhere arrows scroll the page and Ctrl+A marks its text.
const listAction = (event) => {
  if (!event.target.closest("tbody")) return null;
  if (event.key === "a" && (event.ctrlKey || event.metaKey)) return tickPage;
  const step = steps[event.key];
  return step && !event.ctrlKey && !event.metaKey ? () => (event.shiftKey ? extend(step) : move(step)) : null;
};

document.addEventListener("keydown", (event) => {
  if (event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const action = listAction(event) ?? (event.ctrlKey || event.metaKey ? null : actions[event.key]);
  if (!action) return;
  event.preventDefault();
  action(event);
});

document.addEventListener("click", (event) => { if (event.target.closest("[data-key-help]")) help?.showModal(); });
