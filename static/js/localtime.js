// Rewrites times in the reader's own time zone, in the server's words; the title says the exact time, here and in UTC.
// Expects: [data-days] where days are read or shown as such; <time datetime="…" data-local-time="moment|full|clock">, or without it in [data-list], and on <html> data-months, data-day, data-day-of-year, data-full.
// (A browser's own short months differ in length from the server's, "Sept", and the list would jump.)
// Tells the server the reader's zone by a cookie, so that its days are the reader's days from the next request on.
const root = document.documentElement;

const nameZone = () => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone === root.dataset.zone) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
  // What is asked for or sorted by days was so in another zone: once more, unless that was tried already.
  if (document.querySelector("[data-days]") && sessionStorage.getItem("zone") !== zone) {
    sessionStorage.setItem("zone", zone);
    location.reload();
  }
};
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

// The times of a list are moments, and are not told so one by one.
const TIMES = ["time[data-local-time]", "[data-list] time:not([title])"].join();
const localise = (part) => {
  for (const element of part.querySelectorAll(TIMES)) {
    const time = new Date(element.dateTime);
    if (!Number.isNaN(time.valueOf())) {
      element.textContent = (shapes[element.dataset.localTime] ?? shapes.moment)(time);
      element.title = exact(time);
    }
    delete element.dataset.localTime;
  }
};

nameZone();
localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target.parentElement ?? document));
