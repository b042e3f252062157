// Shows a placeholder icon instead of a thumbnail that does not load, or of a video that cannot be played.
// Expects: <span class="thumb"><svg>…</svg><img></span>; where the icon is left out it is the one of pictures.
const markBroken = (image) => {
  const thumb = image.closest(".thumb");
  if (!thumb) return;
  thumb.classList.add("is-broken");
  if (!thumb.querySelector("svg")) thumb.insertAdjacentHTML("afterbegin", '<svg class="icon photo-micro" width="16" height="16" aria-hidden="true"></svg>');
};

// "error" does not bubble, so it is caught on its way down.
document.addEventListener("error", (event) => { if (event.target.matches?.("img, video, audio")) markBroken(event.target); }, true);

for (const image of document.querySelectorAll(".thumb > img")) {
  if (image.complete && image.currentSrc && !image.naturalWidth) markBroken(image);
}
