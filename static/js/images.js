// Shows the placeholder behind a picture that does not load, or a video that cannot be played.
// Expects: <span data-thumb><svg>…</svg><img></span>.
const markBroken = (image) => image.closest("[data-thumb]")?.classList.add("is-broken");

// "error" does not bubble, so it is caught on its way down.
document.addEventListener("error", (event) => { if (event.target.matches?.("img, video, audio")) markBroken(event.target); }, true);

for (const image of document.querySelectorAll("[data-thumb] > img")) {
  if (image.complete && image.currentSrc && !image.naturalWidth) markBroken(image);
}
