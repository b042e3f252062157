// Sorts rows under the days of the reader's zone; the server knows only its own.
// Expects: [data-days] > section[data-day] > h2 and ol > li, newest first, each li with a <time>; data-day-of-year and data-months on <html>.
const root = document.documentElement;
const months = (root.dataset.months ?? "").split(" ");

const dayOf = (row) => {
  const time = new Date(row.querySelector("time").dateTime);
  const words = { day: time.getDate(), month: months[time.getMonth()], year: time.getFullYear() };
  return root.dataset.dayOfYear.replace(/\{(\w+)\}/g, (_, word) => words[word]);
};

for (const log of document.querySelectorAll("[data-days]")) {
  const model = log.querySelector("[data-day]");
  const rows = [...log.querySelectorAll("[data-day] > ol > li")];
  const days = [];
  for (const row of rows) {
    const name = dayOf(row);
    if (days.at(-1)?.querySelector("h2").textContent !== name) {
      const day = model.cloneNode(true);
      day.querySelector("ol").replaceChildren();
      day.querySelector("h2").textContent = name;
      days.push(day);
    }
    days.at(-1).querySelector("ol").append(row);
  }
  log.replaceChildren(...days);
}
