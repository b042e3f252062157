// Locks a form's buttons once it is sent, so that a second click cannot send it again. The server refuses a second
// one anyway; this saves the person the error.
// Expects: <form data-submit-once>; a button may say data-busy-label="Deleting…".
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-submit-once]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.isSent) return event.preventDefault();
  form.dataset.isSent = "true";
  const label = event.submitter?.dataset.busyLabel;
  if (label) event.submitter.textContent = label;
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});

// A page that comes back by the Back button is usable again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-is-sent]")) {
    delete form.dataset.isSent;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
});
