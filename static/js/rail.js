// Folders and facets: remembers for the person whether they are shown, opens as a drawer on narrow screens,
// and shows or hides what lies below a folder once htmx has brought it.
// Expects: <details data-rail data-rail-address> and buttons [data-tree-toggle] followed, in their row's <li>, by a list.
const rail = document.querySelector("[data-rail]");
const isNarrow = matchMedia("(max-width: 56.2rem)");

const remember = (isOpen) => {
  const body = new FormData();
  body.set("rail", isOpen ? "open" : "closed");
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  // Nothing depends on the answer: at worst the rail is as before on the next page.
  fetch(rail.dataset.railAddress, { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
};

if (rail) {
  if (isNarrow.matches) rail.open = false;
  // The browser reports the change above as well; only what a person does is remembered.
  let isAsked = false;
  rail.querySelector("summary").addEventListener("click", () => { isAsked = true; rail.dataset.isAsked = "true"; });
  rail.addEventListener("toggle", () => {
    if (isAsked && !isNarrow.matches) remember(rail.open);
    isAsked = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isNarrow.matches || !rail.open) return;
    rail.open = false;
    rail.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (isNarrow.matches && rail.open && !rail.contains(event.target)) rail.open = false;
  });
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-tree-toggle]");
  if (!toggle) return;
  const isOpen = toggle.getAttribute("aria-expanded") !== "true";
  toggle.setAttribute("aria-expanded", String(isOpen));
  document.getElementById(toggle.getAttribute("aria-controls"))?.toggleAttribute("hidden", !isOpen);
});
