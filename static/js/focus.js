// Keeps the focus where it was when htmx swaps the part that holds it: on the element of the same id, else on the part itself.
// (htmx does so for inputs with an id, not for links, buttons and summaries without one.)
// Expects: nothing; a focused control without an id is found again by its place among the controls of the swapped part.
const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";
let remembered = null;

const remember = (part) => {
  const focused = document.activeElement;
  if (!part?.contains(focused) || focused === document.body) return;
  const place = [...part.querySelectorAll(CONTROLS)].indexOf(focused);
  remembered = { part: part.id, id: focused.id, place, tag: focused.tagName };
};

document.addEventListener("htmx:beforeSwap", (event) => {
  remembered = null;
  remember(event.detail.target);
});
// A part that comes along with the one that was asked for.
document.addEventListener("htmx:oobBeforeSwap", (event) => remember(event.detail.target));

document.addEventListener("htmx:afterSettle", () => {
  if (!remembered) return;
  const { part, id, place, tag } = remembered;
  remembered = null;
  if (document.activeElement && document.activeElement !== document.body) return;
  const region = document.getElementById(part);
  const same = [...(region?.querySelectorAll(CONTROLS) ?? [])][place];
  const next = (id && document.getElementById(id)) || (same?.tagName === tag ? same : null) || region;
  if (next === region && region && !region.hasAttribute("tabindex")) region.setAttribute("tabindex", "-1");
  next?.focus({ preventScroll: true });
});
