// Shows a running job where people look who do something else: the number beside “Jobs”, the tab's title and its icon.
// Expects: #job-tray with [data-tray-state=running|waiting|done] data-tray-percent and -count, which asks the server every few seconds;
// <link rel=icon data-idle data-running data-waiting data-done>; [data-active-jobs]. The job's own page writes its title itself.
const icon = document.querySelector("link[rel=icon][data-idle]");
const mark = /^(?:\d+ %|✓) · /;
let isDoneSeen = true;

const sign = (state, percent) => {
  if (state === "running" || state === "waiting") return `${percent} % · `;
  return state === "done" && !isDoneSeen ? "✓ · " : "";
};

const showTitle = (prefix) => {
  if (document.getElementById("job-progress")) return;
  const plain = document.title.replace(mark, "");
  if (document.title !== prefix + plain) document.title = prefix + plain;
};

const update = () => {
  const tray = document.querySelector("[data-tray-state]");
  const now = tray?.dataset.trayState ?? "idle";
  if (now === "done" && document.hidden) isDoneSeen = false;
  const state = isDoneSeen || now === "running" ? now : "done";
  showTitle(sign(state, tray?.dataset.trayPercent ?? "0"));
  const wanted = icon?.dataset[state];
  if (wanted && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  const badge = document.querySelector("[data-active-jobs]");
  if (!badge || !tray) return;
  const count = Number(tray.dataset.trayCount);
  badge.textContent = String(count);
  badge.hidden = count === 0;
};

document.addEventListener("htmx:afterSettle", update);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  isDoneSeen = true;
  update();
});
