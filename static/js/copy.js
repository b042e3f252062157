// Copies a text to the clipboard and says so for a moment.
// Expects: <button data-copy="text">Copy</button>.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    document.dispatchEvent(new CustomEvent("announce", { detail: "Copied" }));
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  } catch {
    // No permission, or an address without TLS: then the full text is shown to be copied by hand.
    button.replaceWith(button.dataset.copy);
  }
});
