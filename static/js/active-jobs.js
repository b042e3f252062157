// Remembers for this tab that the job tray was closed; on a narrow screen it begins closed, unless a job can be undone.
// Expects: #job-tray > details, which stands in the page or is brought by htmx, and may be replaced.
const KEY = "tray";
const isNarrow = matchMedia("(max-width: 44rem)");

const stored = () => { try { return sessionStorage.getItem(KEY); } catch { return null; } };
const store = (value) => { try { sessionStorage.setItem(KEY, value); } catch { /* Then it is not remembered. */ } };

// "toggle" does not bubble, so it is caught on its way down.
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("#job-tray > details")) store(event.target.open ? "open" : "closed");
}, true);

const remember = (tray) => {
  const details = tray?.querySelector("details");
  const first = isNarrow.matches && !details?.querySelector(".tray-actions") ? "closed" : "open";
  if (details && (stored() ?? first) === "closed") details.open = false;
};

remember(document.getElementById("job-tray"));
document.addEventListener("htmx:load", (event) => {
  if (event.target.id === "job-tray") remember(event.target);
});
