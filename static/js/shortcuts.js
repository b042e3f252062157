// g, then l, j or a: go to library, jobs or audit. Works on every page.
// Expects: links [data-go=l|j|a]; a page that lacks one does nothing.
const PATIENCE_MS = 1500;
const isTyping = (element) => element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
let pressedAt = -Infinity;

// In the capture phase, so that the second key is not taken for a key of the list.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const isSecond = event.timeStamp - pressedAt < PATIENCE_MS;
  pressedAt = event.key === "g" ? event.timeStamp : -Infinity;
  const link = isSecond && /^[lja]$/.test(event.key) ? document.querySelector(`[data-go=${event.key}]`) : null;
  if (!link) return;
  event.preventDefault();
  link.click();
}, true);
