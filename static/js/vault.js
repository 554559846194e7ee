// Secrets on a page: gone after their time, when the page is left or looked away from, and on request.
(() => {
  "use strict";

  const places = () => [...document.querySelectorAll("[data-hide-in]")];
  const timers = new WeakMap();

  function hide(place) {
    clearInterval(timers.get(place));
    const mask = place.querySelector("template[data-mask]");
    const home = place.parentElement;
    const hadFocus = place.contains(document.activeElement);
    home.replaceChildren(mask ? mask.content.cloneNode(true) : "");
    window.htmx?.process(home);
    if (hadFocus) home.querySelector("button")?.focus();
  }

  const hideAll = () => places().forEach(hide);

  async function copy(place, text) {
    try {
      await navigator.clipboard.writeText(text);
      setTimeout(() => empty(text), Number(place.dataset.hideIn) * 1000);
      return true;
    } catch {
      return false;
    }
  }

  // Best effort: a browser tells what is in the clipboard only to a page in front, if at all.
  async function empty(text) {
    try {
      if (document.hasFocus() && (await navigator.clipboard.readText()) === text) await navigator.clipboard.writeText("");
    } catch {
      /* The browser does not let a page look; then it stays. */
    }
  }

  async function begin(place) {
    if (timers.has(place)) return;
    const until = Date.now() + Number(place.dataset.hideIn) * 1000;
    const countdown = place.querySelector("[data-countdown]");
    timers.set(place, setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      if (left <= 0) hide(place);
      else if (countdown) countdown.textContent = left;
    }, 250));
    const shown = place.querySelector("[data-shown]");
    if (!("copyNow" in place.dataset)) return shown.focus();
    const text = shown.textContent;
    shown.remove();
    if (!(await copy(place, text))) place.querySelector("[data-copied]").textContent = "The browser did not let it be copied. Reveal it instead.";
  }

  document.addEventListener("htmx:load", () => places().forEach(begin));
  places().forEach(begin);
  document.addEventListener("visibilitychange", () => { if (document.hidden) hideAll(); });
  window.addEventListener("pagehide", hideAll);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("htmx:beforeHistorySave", hideAll);
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-hide-now], [data-copy-shown]");
    if (!button) return;
    const place = button.closest("[data-hide-in]");
    if (button.matches("[data-hide-now]")) return hide(place);
    const done = await copy(place, place.querySelector("[data-shown]").textContent);
    button.lastChild.textContent = done ? "Copied" : "Not copied";
  });
})();
