// A link that opens below itself what it leads to. Without this script, or with Ctrl, it leads there.
// Expects: <a data-opens="id" hx-trigger="open" hx-target="#id"> and <div id="id" hidden>, which htmx fills the first time.
const region = (link) => document.getElementById(link.dataset.opens);

const mark = (part) => {
  for (const link of part.querySelectorAll("[data-opens]:not([aria-expanded])")) {
    link.setAttribute("aria-controls", link.dataset.opens);
    link.setAttribute("aria-expanded", String(!region(link).hidden));
  }
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-opens]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const below = region(link);
  below.hidden = !below.hidden;
  link.setAttribute("aria-expanded", String(!below.hidden));
  if (!below.hidden && !below.childElementCount) link.dispatchEvent(new CustomEvent("open"));
});

mark(document);
document.addEventListener("htmx:load", (event) => mark(event.target.parentElement ?? document));
