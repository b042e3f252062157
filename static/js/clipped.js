// Says in full, as its title, what a list has no room for: a hundred rows need not carry each name twice.
// Expects: [data-list] with cells that clip their text.
document.addEventListener("mouseover", ({ target }) => {
  const cell = target.closest?.("[data-list] :is(td, th, .clip)");
  if (cell && !cell.querySelector("time") && !cell.hasAttribute("title") && cell.scrollWidth > cell.clientWidth) cell.title = cell.textContent.trim();
});
