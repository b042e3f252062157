// Shows the placeholder icon behind a thumbnail that does not load.
// Expects: <span data-thumb><svg>…</svg><img></span>.
const markBroken = (image) => image.closest("[data-thumb]")?.classList.add("is-broken");

// "error" does not bubble, so it is caught on its way down.
document.addEventListener("error", (event) => { if (event.target instanceof HTMLImageElement) markBroken(event.target); }, true);

for (const image of document.querySelectorAll("[data-thumb] > img")) {
  if (image.complete && image.currentSrc && !image.naturalWidth) markBroken(image);
}
