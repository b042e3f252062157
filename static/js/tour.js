// Walks through the tour of the first minute, one step at a time, and never shows it again in this browser once it was left.
// Expects: [data-tour] with <li data-step="selector of what it speaks of">, [data-tour-next] and [data-tour-leave].
const tour = document.querySelector("[data-tour]");
const KEY = "tour";

const isOver = () => { try { return localStorage.getItem(KEY) === "over"; } catch { return false; } };
const remember = () => { try { localStorage.setItem(KEY, "over"); } catch { /* Then it comes again with the next page. */ } };

const unmark = () => document.querySelector(".is-toured")?.classList.remove("is-toured");

const leave = () => {
  remember();
  unmark();
  tour.remove();
};

const show = (steps, at) => {
  for (const [number, step] of steps.entries()) step.hidden = number !== at;
  unmark();
  document.querySelector(steps[at].dataset.step)?.classList.add("is-toured");
};

const begin = () => {
  const steps = [...tour.querySelectorAll("[data-step]")];
  const [next, last] = ["next", "leave"].map((button) => tour.querySelector(`[data-tour-${button}]`));
  let at = 0;
  show(steps, at);
  tour.hidden = false;
  next.addEventListener("click", () => {
    at += 1;
    show(steps, at);
    next.hidden = at === steps.length - 1;
    if (next.hidden) last.focus();
  });
  last.addEventListener("click", leave);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && tour.isConnected) leave(); });
};

if (tour && !isOver()) begin();
