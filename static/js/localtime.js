// Rewrites times in the reader's own time zone; the title keeps the server's.
// Expects: <time datetime="…" data-local-time="moment|full">.
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

const moment = (time, today = new Date()) => {
  if (time.toDateString() === today.toDateString()) return clock.format(time);
  return (time.getFullYear() === today.getFullYear() ? day : date).format(time);
};

const localise = (root) => {
  for (const element of root.querySelectorAll("time[data-local-time]")) {
    const time = new Date(element.dateTime);
    if (!Number.isNaN(time.valueOf())) element.textContent = element.dataset.localTime === "full" ? full.format(time) : moment(time);
    delete element.dataset.localTime;
  }
};

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target.parentElement ?? document));
