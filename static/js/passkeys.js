// Passkeys: the browser is asked for one, and the form then goes off as every other form does.
(() => {
  "use strict";

  if (!window.PublicKeyCredential) {
    for (const form of document.querySelectorAll("form[data-passkey]")) form.hidden = true;
    return;
  }

  // WebAuthn has bytes where JSON has base64 in its form for URLs.
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const listed = (credentials = []) => credentials.map((one) => ({ ...one, id: bytes(one.id) }));

  function asked(options) {
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
    if (options.allowCredentials) publicKey.allowCredentials = listed(options.allowCredentials);
    if (options.excludeCredentials) publicKey.excludeCredentials = listed(options.excludeCredentials);
    return { publicKey };
  }

  function written(credential) {
    const { response } = credential;
    const parts = ["attestationObject", "authenticatorData", "clientDataJSON", "signature", "userHandle"];
    const given = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: Object.fromEntries(given),
      extensions: {},
    });
  }

  const WORDS = {
    InvalidStateError: "This device has a passkey for you already.",
    NotAllowedError: "No passkey was given. Try again, or go on without one.",
    SecurityError: "Passkeys do not work at this address. Open the one that Bureau is set up for.",
  };

  async function answer(form) {
    const reply = await fetch(`${form.action}/challenge`, { method: "POST" });
    if (reply.status === 403) {
      // The last proof was too long ago: the page asks for another.
      location.reload();
      return false;
    }
    if (!reply.ok) throw new Error("the server asked for nothing");
    const { ceremony, options } = await reply.json();
    const ask = form.dataset.passkey === "create" ? "create" : "get";
    form.elements.answer.value = written(await navigator.credentials[ask](asked(options)));
    form.elements.ceremony.value = ceremony;
    return true;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-passkey]")) return;
    event.preventDefault();
    const message = form.querySelector("[data-passkey-error]");
    const button = form.querySelector("button");
    message.hidden = true;
    button.disabled = true;
    try {
      if (await answer(form)) form.submit();
    } catch (error) {
      message.textContent = WORDS[error.name] ?? "That did not work. Try again, or go on without a passkey.";
      message.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
})();
