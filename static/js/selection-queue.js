// Brings ticks to the selection on the server, one small request after the other.
// Expects: <form data-selection data-nothing data-unsaved> with input[name=query] and a CSRF field. The answer replaces #selection-bar.
// Hears "ticks-made" and sends "ticks-known", each with a detail of [id, whether ticked] pairs, to and from selection.js.
let form = document.querySelector("form[data-selection]");
const pending = new Map();
let isSending = false;
let isLeaving = false;

// Ticks that met the end of the session: they are sent after the person has signed in again and is back.
const KEPT = "ticks-to-send";
const keep = (changes) => {
  try { sessionStorage.setItem(KEPT, JSON.stringify([form.getAttribute("action"), changes])); } catch { /* Then they have to be made again. */ }
};
const kept = () => {
  try {
    const [action, changes] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
    sessionStorage.removeItem(KEPT);
    return action === form.getAttribute("action") ? changes : [];
  } catch { return []; }
};

// form.action would be the button of that name.
const send = async (action, ids) => {
  const body = new FormData();
  body.set("action", action);
  body.set("query", form.elements.query.value);
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const id of ids) body.append("asset", id);
  const person = JSON.parse(document.body.getAttribute("hx-headers"))["X-Person"];
  const headers = { "HX-Request": "true", "HX-Current-URL": location.href, "X-Person": person };
  const post = () => fetch(form.getAttribute("action"), { method: "POST", body, headers, keepalive: true });
  let answer = await post();
  const token = answer.status === 403 && answer.headers.get("X-New-Token");
  if (token) {  // The page was open too long. Nothing was done, so it is sent once more (connection.js).
    document.dispatchEvent(new CustomEvent("token-renewed", { detail: token }));
    body.set("csrfmiddlewaretoken", token);
    answer = await post();
  }
  isLeaving = answer.headers.has("HX-Redirect");
  if (isLeaving) location.assign(answer.headers.get("HX-Redirect"));
  const bar = document.createRange().createContextualFragment(await answer.text()).querySelector("#selection-bar");
  if (!bar) throw new Error(`The server answered ${answer.status} without a selection bar`);
  return bar;
};

const showBar = (fresh) => {
  const bar = document.getElementById("selection-bar");
  const hadFocus = bar.contains(document.activeElement);
  bar.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("button")?.focus();
  document.dispatchEvent(new CustomEvent("announce", { detail: fresh.querySelector("[data-announce]")?.dataset.announce ?? form.dataset.nothing }));
};

// What could not be saved is unticked again on the screen, so that the ticks never promise more than the server knows.
const show = (changes) => document.dispatchEvent(new CustomEvent("ticks-known", { detail: changes }));
const untick = (changes) => show(changes.map(([id, isTicked]) => [id, !isTicked]));

const complain = (text) => {
  const bar = document.getElementById("selection-bar");
  bar.querySelector(".field-error")?.remove();
  const error = document.createElement("p");
  error.className = "field-error";
  error.setAttribute("role", "alert");
  error.textContent = text;
  bar.prepend(error);
};

const flush = async () => {
  if (isSending) return;
  isSending = true;
  while (pending.size) {
    const changes = [...pending];
    pending.clear();
    try {
      for (const action of ["add", "remove"]) {
        const ids = changes.filter(([, isTicked]) => isTicked === (action === "add")).map(([id]) => id);
        if (!ids.length) continue;
        showBar(await send(action, ids));
        // The bar itself says what was refused.
        if (document.querySelector("#selection-bar [role=alert]")) untick(changes);
      }
    } catch {
      if (isLeaving) return keep([...changes, ...pending]);
      untick(changes);
      complain(form.dataset.unsaved);
    }
  }
  isSending = false;
};

const queue = (changes) => {
  for (const [id, isTicked] of changes) pending.set(id, isTicked);
  flush();
};

// Another list keeps what is on its way; where it has no rows, the form of the last one still says where to.
document.addEventListener("htmx:load", () => { form = document.querySelector("form[data-selection]") ?? form; });
document.addEventListener("ticks-made", ({ detail }) => queue(detail));
// Nothing leaves the page, and nothing is frozen, before the ticks on the screen are on the server.
document.addEventListener("submit", (event) => {
  if (!pending.size && !isSending) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { target, submitter } = event;
  const wait = setInterval(() => {
    if (pending.size || isSending) return;
    clearInterval(wait);
    const fresh = target.isConnected ? target : document.querySelector(`form[action="${CSS.escape(target.getAttribute("action"))}"]:not([data-selection])`);
    fresh?.requestSubmit(submitter?.isConnected ? submitter : fresh.querySelector("button"));
  }, 50);
}, true);
// A tick made just before the page is left still counts.
window.addEventListener("pagehide", () => {
  for (const [id, isTicked] of pending) send(isTicked ? "add" : "remove", [id]).catch(() => {});
  pending.clear();
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
if (form) {
  const changes = kept();
  show(changes);
  queue(changes);
}
