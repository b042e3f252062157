// Keyboard for the list: j k or arrows move, x ticks, Enter opens (it is a link), / searches, n p turn pages, ? helps.
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

const tick = (event) => {
  const box = document.activeElement.closest("tr")?.querySelector("[data-range-item]");
  box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
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
const arrows = { ArrowDown: () => move(1), ArrowUp: () => move(-1) };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  // Arrows scroll the page unless a row has the focus.
  const action = actions[event.key] ?? (event.target.closest("tbody") && arrows[event.key]);
  if (!action) return;
  event.preventDefault();
  action(event);
});

document.addEventListener("click", (event) => { if (event.target.closest("[data-key-help]")) help?.showModal(); });
