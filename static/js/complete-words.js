// Completes each word of a line, where a <datalist> alone completes the first one only.
// Expects: <input data-complete-words list="id"> and <datalist id="id"> with one word in each option.

const known = new WeakMap();

document.addEventListener("input", (event) => {
  const bar = event.target.closest("[data-complete-words]");
  if (bar?.list) offer(bar);
});

function offer(bar) {
  if (!known.has(bar)) known.set(bar, [...bar.list.options].map((option) => option.value));
  const before = bar.value.slice(0, bar.value.lastIndexOf(" ") + 1);
  const options = known.get(bar).map((word) => new Option("", before + word));
  bar.list.replaceChildren(...options);
}
