// A secret behind a link: the browser opens it with the part of the address that it never sends.
(() => {
  "use strict";

  const place = document.querySelector("[data-share]");
  if (!place) return;
  const [open, copy, shown, state] = ["open", "copy", "text", "state"].map((part) => place.querySelector(`[data-share-${part}]`));
  const key = location.hash.slice(1);
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

  function stop(words) {
    state.textContent = words;
    open.hidden = true;
  }

  if (!window.crypto?.subtle) return stop("This browser opens secrets at addresses with https alone.");
  if (!key) return stop("A part of the link is missing: all that comes after the #. Copy the whole link.");

  async function show() {
    open.disabled = true;
    try {
      const opener = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["decrypt"]);
      const reply = await fetch(place.dataset.share, { method: "POST" });
      if (!reply.ok) return stop("This link opens no more. Ask for another one.");
      const sealed = bytes((await reply.json()).sealed);
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.slice(0, 12) }, opener, sealed.slice(12));
      history.replaceState(null, "", location.pathname);
      shown.textContent = new TextDecoder().decode(text);
      shown.hidden = false;
      open.hidden = true;
      copy.hidden = false;
      shown.focus();
    } catch {
      stop("The key in the link does not open it. Ask for another link.");
    }
  }

  open.addEventListener("click", show);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(shown.textContent);
      state.textContent = "Copied.";
    } catch {
      state.textContent = "The browser did not let it be copied. Mark it instead.";
    }
  });
  window.addEventListener("pagehide", () => shown.replaceChildren());
})();
