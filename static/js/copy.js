// Copies a text and says so for a moment.
// Expects: <button data-copy="text"><span data-copy-label>Copy</span></button>; the words stand on #announcer.
const words = document.getElementById("announcer")?.dataset ?? {};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = words.copied;
  } catch {
    label.textContent = words.notCopied;
  }
  document.dispatchEvent(new CustomEvent("announce", { detail: label.textContent }));
  setTimeout(() => { label.textContent = before; }, 2000);
});
