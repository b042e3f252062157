// Keeps the number beside “Jobs” in step with the tray, which asks the server every few seconds.
// Expects: #job-tray with one <progress> for each job under way, and [data-active-jobs].
document.addEventListener("htmx:afterSettle", () => {
  const badge = document.querySelector("[data-active-jobs]");
  const tray = document.querySelector("#job-tray.tray");
  if (!badge || !tray) return;
  const count = tray.querySelectorAll("progress").length;
  badge.textContent = String(count);
  badge.hidden = count === 0;
});
