// Speaks a sentence to screen readers through the page's one status element.
// Expects: #announcer. Others call: document.dispatchEvent(new CustomEvent("announce", { detail: "3 files selected" })).
// An element with data-announce that arrives by htmx is spoken when its text differs from the last one.
const announcer = document.getElementById("announcer");
let lastSpoken = "";

const speak = (text) => {
  if (!announcer || !text || text === lastSpoken) return;
  lastSpoken = text;
  announcer.textContent = text;
};

document.addEventListener("announce", (event) => speak(event.detail));
document.addEventListener("htmx:load", (event) => {
  const source = event.target.closest?.("[data-announce]") ?? event.target.querySelector?.("[data-announce]");
  if (source) speak(source.dataset.announce);
});
