// Rewrites times in the reader's own time zone, in the server's words; the title says the exact time, here and in UTC.
// Expects: <time datetime="…" data-local-time="moment|full|clock"> and on <html> data-months, data-day, data-day-of-year, data-full.
// (A browser's own short months differ in length from the server's, "Sept", and the list would jump.)
const root = document.documentElement;
const MONTHS = (root.dataset.months ?? "").split(" ");
const two = (number) => String(number).padStart(2, "0");
const clock = (time) => `${two(time.getHours())}:${two(time.getMinutes())}`;
const seconds = (time) => `${clock(time)}:${two(time.getSeconds())}`;

const write = (pattern, time) => {
  const words = { day: time.getDate(), month: MONTHS[time.getMonth()], year: time.getFullYear(), time: seconds(time) };
  return pattern.replace(/\{(\w+)\}/g, (_, word) => words[word]);
};

const moment = (time, today = new Date()) => {
  if (time.toDateString() === today.toDateString()) return clock(time);
  return write(time.getFullYear() === today.getFullYear() ? root.dataset.day : root.dataset.dayOfYear, time);
};

const shapes = { moment: (time) => moment(time), full: (time) => write(root.dataset.full, time), clock: seconds };

const exact = (time) => {
  const here = new Intl.DateTimeFormat(root.lang, { dateStyle: "full", timeStyle: "long" }).format(time);
  return `${here} · ${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
};

const localise = (part) => {
  for (const element of part.querySelectorAll("time[data-local-time]")) {
    const time = new Date(element.dateTime);
    if (!Number.isNaN(time.valueOf())) {
      element.textContent = shapes[element.dataset.localTime](time);
      element.title = exact(time);
    }
    delete element.dataset.localTime;
  }
};

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target.parentElement ?? document));
