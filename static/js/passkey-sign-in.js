// Connects the passkey button with its form; django-allauth's script does the rest.
// Expects: <form data-passkey-sign-in="id of the button"> with an <input name="credential">.
const form = document.querySelector("[data-passkey-sign-in]");
if (form && window.allauth?.webauthn && window.PublicKeyCredential) {
  window.allauth.webauthn.forms.loginForm({
    ids: { login: form.dataset.passkeySignIn, credential: form.elements.credential.id },
  });
} else if (form) {
  document.getElementById(form.dataset.passkeySignIn)?.remove();
}
