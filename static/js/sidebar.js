// Folders and facets: remembers for the person whether they are shown, opens as a drawer on narrow screens,
// and shows or hides what lies below a folder once htmx has brought it.
// Expects: <details data-sidebar data-sidebar-address> and buttons [data-tree-toggle] followed, in their row's <li>, by a list.
const sidebar = document.querySelector("[data-sidebar]");
const isNarrow = matchMedia("(max-width: 56.2rem)");

const remember = (isOpen) => {
  const body = new FormData();
  body.set("sidebar", isOpen ? "open" : "closed");
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  // Nothing depends on the answer: at worst the sidebar is as before on the next page.
  fetch(sidebar.dataset.sidebarAddress, { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
};

if (sidebar) {
  if (isNarrow.matches) sidebar.open = false;
  // The browser reports the change above as well; only what a person does is remembered.
  let isAsked = false;
  sidebar.querySelector("summary").addEventListener("click", () => { isAsked = true; sidebar.dataset.isAsked = "true"; });
  sidebar.addEventListener("toggle", () => {
    if (isAsked && !isNarrow.matches) remember(sidebar.open);
    isAsked = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isNarrow.matches || !sidebar.open) return;
    sidebar.open = false;
    sidebar.querySelector("summary").focus();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (isNarrow.matches && event.detail.target.id === "library-main") sidebar.open = false;
  });
  document.addEventListener("click", (event) => {
    if (isNarrow.matches && sidebar.open && !sidebar.contains(event.target)) sidebar.open = false;
  });
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-tree-toggle]");
  if (!toggle) return;
  const isOpen = toggle.getAttribute("aria-expanded") !== "true";
  toggle.setAttribute("aria-expanded", String(isOpen));
  document.getElementById(toggle.getAttribute("aria-controls"))?.toggleAttribute("hidden", !isOpen);
});
