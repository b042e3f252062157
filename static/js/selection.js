// The ticks of the page: single ones, ranges with Shift, the whole page. selection-queue.js brings them to the server.
// Expects: <form data-selection> with boxes [name=asset] and perhaps [data-page-box] for all of them; [data-page-banner], with a button
// [data-take-all], shows while each box is ticked.
// Sends "ticks-made" and hears "ticks-known", each with a detail of [id, whether ticked] pairs.
const form = () => document.querySelector("form[data-selection]");
const boxes = () => [...form().querySelectorAll("[name=asset]")];
let lastBox = null;

const showPage = () => {
  if (!form()) return;
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  const head = form().querySelector("[data-page-box]");
  if (!head) return;
  head.checked = ticked > 0 && ticked === all.length;
  head.indeterminate = ticked > 0 && ticked < all.length;
  form().querySelector("[data-page-banner]")?.toggleAttribute("data-is-idle", !head.checked);
};

const tick = (changed, isTicked) => {
  for (const box of changed) box.checked = isTicked;
  showPage();
  document.dispatchEvent(new CustomEvent("ticks-made", { detail: changed.map((box) => [box.value, isTicked]) }));
};

const between = (first, last) => {
  const all = boxes();
  const [from, to] = [all.indexOf(first), all.indexOf(last)].sort((a, b) => a - b);
  return from < 0 ? [last] : all.slice(from, to + 1);
};

document.addEventListener("ticks-known", ({ detail }) => {
  for (const [id, isTicked] of detail) {
    const box = form()?.querySelector(`[name=asset][value="${CSS.escape(id)}"]`);
    if (box) box.checked = isTicked;
  }
  showPage();
});
document.addEventListener("click", (event) => {
  const box = event.target.closest("form[data-selection] [name=asset]");
  if (!box) return;
  tick(event.shiftKey && lastBox ? between(lastBox, box) : [box], box.checked);
  lastBox = box;
});
document.addEventListener("change", ({ target }) => { if (target.matches("form[data-selection] [data-page-box]")) tick(boxes(), target.checked); });
// Shift-click would mark text between the rows.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest("form[data-selection] tr > :first-child")) event.preventDefault();
});
// Taking thousands takes a moment: the button says what happens until the next page is there.
document.addEventListener("submit", ({ submitter, defaultPrevented }) => {
  if (defaultPrevented || !submitter?.matches("[data-take-all]")) return;
  const spinner = document.createElement("span");
  spinner.className = "spinner";
  const label = submitter.dataset.busyLabel;
  // The button's name and value are sent with the form, so it may not be disabled.
  submitter.setAttribute("aria-disabled", "true");
  submitter.replaceChildren(spinner, ` ${label}`);
  document.dispatchEvent(new CustomEvent("announce", { detail: label }));
});
document.addEventListener("htmx:load", ({ target }) => { if (target.contains(form())) showPage(); });
showPage();
