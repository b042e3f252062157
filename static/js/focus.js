// Keeps the focus where it was when htmx swaps the part that holds it: on the element of the same id, else on the part itself.
// (htmx does so for inputs with an id, not for links, buttons and summaries without one.)
// Expects: nothing; a focused control without an id is found again by its place among the controls of the swapped part.
const CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex]";
let remembered = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const target = event.detail.target;
  const focused = document.activeElement;
  remembered = null;
  if (!target?.contains(focused) || focused === document.body) return;
  const place = [...target.querySelectorAll(CONTROLS)].indexOf(focused);
  remembered = { part: target.id, id: focused.id, place, tag: focused.tagName };
});

// Parts that come along with another are asked after too; they are swapped before the part that was asked for.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const focused = document.activeElement;
  if (!event.detail.target?.contains(focused) || focused === document.body) return;
  remembered = { part: event.detail.target.id, id: focused.id, place: -1, tag: focused.tagName };
});

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
