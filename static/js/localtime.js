// Rewrites times in the reader's own time zone; the title keeps the server's.
// Expects: <time datetime="…" data-local-time="moment|full">.
// The same words as the server's; a browser's own short months differ in length ("Sept").
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");
const clock = (time) => `${two(time.getHours())}:${two(time.getMinutes())}`;
const day = (time) => `${time.getDate()} ${MONTHS[time.getMonth()]}`;
const full = (time) => `${day(time)} ${time.getFullYear()}, ${clock(time)}:${two(time.getSeconds())}`;

const moment = (time, today = new Date()) => {
  if (time.toDateString() === today.toDateString()) return clock(time);
  return time.getFullYear() === today.getFullYear() ? day(time) : `${day(time)} ${time.getFullYear()}`;
};

const localise = (root) => {
  for (const element of root.querySelectorAll("time[data-local-time]")) {
    const time = new Date(element.dateTime);
    if (!Number.isNaN(time.valueOf())) element.textContent = element.dataset.localTime === "full" ? full(time) : moment(time);
    delete element.dataset.localTime;
  }
};

localise(document);
document.addEventListener("htmx:load", (event) => localise(event.target.parentElement ?? document));
