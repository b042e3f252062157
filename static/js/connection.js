// Says quietly when the server cannot be reached, and lets what was asking ask again until it answers.
// Hears "token-renewed" with a new security token, and puts it into the page.
// Expects: #connection[hidden][data-is-back] with [data-when=offline|trouble|unsent|refused]. Elements that fetch by htmx once, not
// "every …", name the trigger "reconnect". A POST is not repeated, as it may have been carried out, unless its element says that
// this does no harm: [data-may-repeat].
const banner = document.getElementById("connection");
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 30_000;
const waiting = new Set();
let wait = FIRST_WAIT_MS;
let timer = 0;

const show = (state) => {
  for (const text of banner.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== state;
  banner.querySelector(".spinner").hidden = state === "unsent" || state === "refused";
  if (!banner.hidden && banner.dataset.state === state) return;
  banner.dataset.state = state;
  banner.hidden = false;
  document.dispatchEvent(new CustomEvent("announce", { detail: banner.querySelector(`[data-when=${state}]`).textContent }));
};

const tryAgain = () => {
  clearTimeout(timer);
  timer = 0;
  for (const element of [...waiting]) {
    waiting.delete(element);
    if (element.isConnected) element.dispatchEvent(new CustomEvent("reconnect"));
  }
};

const retryLater = (element) => {
  waiting.add(element);
  if (timer) return;
  // A little apart from each other: many pages must not all come back in the same instant.
  timer = setTimeout(tryAgain, wait * (0.75 + Math.random() / 2));
  wait = Math.min(wait * 2, LONGEST_WAIT_MS);
};

const renew = (token) => {
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  document.body.setAttribute("hx-headers", JSON.stringify({ ...headers, "X-CSRFToken": token }));
  for (const input of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) input.value = token;
};

// A page that was open too long gets a new token, and sends once more what was refused: nothing had been done.
const isRenewed = ({ elt, requestConfig, xhr }) => {
  const token = xhr?.status === 403 && xhr.getResponseHeader("X-New-Token");
  const what = requestConfig?.triggeringEvent?.type;
  if (!token || !what || elt.dataset.renewed === token) return false;
  elt.dataset.renewed = token;
  renew(token);
  elt.dispatchEvent(new Event(what, { bubbles: true, cancelable: true }));
  return true;
};

const failed = (event) => {
  if (isRenewed(event.detail)) return undefined;
  const { requestConfig, elt, xhr } = event.detail;
  const status = xhr?.status ?? 0;
  const mayRepeat = (requestConfig?.verb ?? "get") === "get" || elt.hasAttribute("data-may-repeat");
  if (!mayRepeat) return show(status >= 400 && status < 500 ? "refused" : "unsent");
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return undefined;  // It answers; asking again would change nothing.
  show(status ? "trouble" : "offline");
  return retryLater(elt);
};

const answered = (event) => {
  if (!event.detail.successful) return;
  wait = FIRST_WAIT_MS;
  if (banner.hidden) return;
  banner.hidden = true;
  document.dispatchEvent(new CustomEvent("announce", { detail: banner.dataset.isBack }));
  tryAgain();
};

document.addEventListener("token-renewed", ({ detail }) => renew(detail));
if (banner) {
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, failed);
  document.addEventListener("htmx:afterRequest", answered);
  window.addEventListener("online", tryAgain);
}
