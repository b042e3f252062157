// Shows another filter, order or page of the list in place: only what differs is fetched (library/_parts.html).
// Expects: #library-main; links to the page's own path, but for [data-panel-link] and [data-panel-close], and <form class="filter-form">. Without this
// script, or with Ctrl, they are ordinary links. The address is noted by the answer (HX-Push-Url); Back loads the page it names.
const main = () => document.getElementById("library-main");
let asked = "";

const ask = (address, source) => {
  asked = address;
  htmx.ajax("get", address, { source, target: main(), swap: "outerHTML" });
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([data-panel-close])");
  if (!link || !main() || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.pathname !== location.pathname || link.hash || link.target) return;
  event.preventDefault();
  ask(link.pathname + link.search, link);
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form.filter-form");
  if (!form || !main() || event.defaultPrevented) return;
  event.preventDefault();
  document.activeElement.blur();  // As on a new page: the next key is one of the list, and no letter of the search.
  // Not from the form itself: htmx would send its fields once more.
  ask(`${location.pathname}?${new URLSearchParams(new FormData(form))}`, main());
});

document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target.id === "library-main") scrollTo(0, 0); });
// What cannot be shown in place is shown as a page: it says what is wrong.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.target.id === "library-main" && event.detail.xhr.status < 500) location.assign(asked);
});
