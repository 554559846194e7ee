// All of our own client code. It listens on the document, so fragments that htmx swaps in need no wiring.
// CSP: script-src 'self', no eval, no inline; styles are set through the CSSOM only.
(() => {
  "use strict";

  const ICONS = "/static/vendor/icons.svg";
  const root = document.documentElement;
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (type, listener, options) => document.addEventListener(type, listener, options);
  // Event targets may be the document or a text node.
  const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);

  root.classList.add("js");

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function icon(name, className = "icon") {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", className);
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${ICONS}#${name}`);
    svg.append(use);
    return svg;
  }

  /* ── Focus ─────────────────────────────────────────────────────────────── */

  const FOCUSABLE =
    "a[href], button:not(:disabled), input:not(:disabled, [type=hidden]), select:not(:disabled), " +
    "textarea:not(:disabled), summary, [tabindex]:not([tabindex='-1'])";
  const FIELD = "input:not(:disabled, [type=hidden]), select:not(:disabled), textarea:not(:disabled)";

  const visible = (node) => node.checkVisibility();
  // An element in a closed menu may still hold the focus until the next frame.
  const focusLost = () => {
    const node = document.activeElement;
    return !node || node === document.body || !visible(node);
  };

  function focusOn(node) {
    if (!node || !visible(node)) return false;
    node.focus({ preventScroll: true });
    return document.activeElement === node;
  }

  function focusInto(node) {
    return (node.matches(FOCUSABLE) && focusOn(node)) || focusOn($$(FOCUSABLE, node).find(visible));
  }

  // Where focus stood: kept from before the request, because a button disabled meanwhile loses it.
  let lastPlace = null;

  function rememberFocus(swapTarget) {
    if (!focusLost()) {
      const node = document.activeElement;
      const ids = [];
      for (let at = node; at && at !== document.body; at = at.parentElement) if (at.id) ids.push(at.id);
      lastPlace = { node, ids };
    }
    if (lastPlace) lastPlace.swapTarget = swapTarget;
  }

  // After a swap focus is never left on the body: the element, its successor by id, the swap target, an ancestor.
  function restoreFocus() {
    if (!lastPlace) return;
    const { node, ids, swapTarget } = lastPlace;
    if (focusLost()) {
      if (node.isConnected && node.disabled) return;
      const byId = ids.map((id) => document.getElementById(id));
      const places = [node, ...(node.id ? byId.slice(0, 1) : []), swapTarget, ...byId];
      if (!places.some((place) => place?.isConnected && focusInto(place))) focusOn($("#main"));
    }
    lastPlace = null;
  }

  on("htmx:beforeRequest", (event) => rememberFocus(event.detail.target));
  on("htmx:afterSettle", restoreFocus);
  // A request without a swap never settles; one with a swap has settled by then.
  on("htmx:afterRequest", () => setTimeout(restoreFocus, 2 * (window.htmx?.config.defaultSettleDelay ?? 20)));

  /* ── Theme ─────────────────────────────────────────────────────────────── */

  // The server prints data-theme from the cookie; without it the system decides.
  on("click", (event) => {
    if (!closest(event, "[data-theme-toggle]")) return;
    const current = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    root.dataset.theme = current === "dark" ? "light" : "dark";
    const secure = location.protocol === "https:" ? ";secure" : "";
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${secure}`;
  });

  /* ── Running timers ────────────────────────────────────────────────────── */

  const started = new WeakMap();

  function clock(seconds) {
    const two = (number) => String(number).padStart(2, "0");
    return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }

  function tick() {
    for (const output of $$("[data-timer]")) {
      const seconds = Number(output.dataset.timer);
      if (started.get(output)?.seconds !== seconds) started.set(output, { seconds, at: Date.now() });
      output.textContent = clock(seconds + Math.floor((Date.now() - started.get(output).at) / 1000));
    }
  }

  tick();
  setInterval(tick, 1000);
  on("htmx:load", tick);

  /* ── Chart tips ────────────────────────────────────────────────────────── */

  let tip = null;
  on("pointermove", (event) => {
    const mark = closest(event, "[data-tip]");
    if (!mark) {
      tip?.remove();
      tip = null;
      return;
    }
    if (!tip) document.body.append((tip = element("div", { class: "tip" })));
    tip.textContent = mark.dataset.tip;
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.max(event.clientY - 34, 8)}px`;
  });

  /* ── Dialogs ───────────────────────────────────────────────────────────── */

  const openers = new WeakMap();
  let opened = [];
  // A swap may have taken an open dialog away without closing it.
  const topDialog = () => opened.findLast((dialog) => dialog.isConnected && dialog.open);

  function openDialog(dialog, opener = document.activeElement) {
    if (!dialog || dialog.open) return;
    openers.set(dialog, opener);
    opened.push(dialog);
    dialog.showModal();
    if (!$("[autofocus]", dialog)) focusOn($$(FIELD, dialog).find(visible));
  }

  on("click", (event) => {
    const opener = closest(event, "[data-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.open);
      if (dialog) {
        event.preventDefault();
        openDialog(dialog, opener);
      }
    }
    if (closest(event, "[data-close]")) {
      const dialog = closest(event, "dialog");
      if (dialog) {
        event.preventDefault();
        dialog.close();
      }
    }
    if (closest(event, "[data-print]")) print();
  });

  // A click on the backdrop closes, unless it could throw away what was typed or began as a selection inside.
  let pressedOn = null;
  on("pointerdown", (event) => { pressedOn = event.target; });
  on("click", (event) => {
    const dialog = event.target;
    if (dialog instanceof HTMLDialogElement && pressedOn === dialog && !$("form[method=post]", dialog)) dialog.close();
  });

  on("close", (event) => {
    const dialog = event.target;
    if (!(dialog instanceof HTMLDialogElement)) return;
    opened = opened.filter((other) => other !== dialog);
    hostToasts();
    if (dialog.id === "drawer") $("#drawer-body", dialog)?.replaceChildren();
    const opener = openers.get(dialog);
    openers.delete(dialog);
    if (!focusLost()) return;
    const successor = opener?.id ? document.getElementById(opener.id) : null;
    const places = [opener, successor, opener?.closest("details")?.querySelector("summary"), $("#main")];
    places.some((place) => place?.isConnected && focusOn(place));
  }, true);
  on("close", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.matches("[data-modal]")) event.target.remove();
  }, true);

  // A dialog that an answer brings opens by itself, and goes when it is closed.
  on("htmx:load", (event) => {
    if (event.target instanceof Element && event.target.matches("dialog[data-modal]")) openDialog(event.target);
  });

  // An answer asked for a proof: once it is given, what was asked for is asked for again.
  let unproved = null;
  on("proof-needed", (event) => { unproved = event.target; });
  on("proved", (event) => {
    closest(event, "dialog")?.close();
    if (!unproved?.isConnected) return;
    if (unproved instanceof HTMLFormElement) {
      confirmed = unproved;
      unproved.requestSubmit();
      confirmed = null;
    } else unproved.click();
    unproved = null;
  });

  // HX-Trigger: close-dialog, after a form in a dialog has been saved.
  on("close-dialog", (event) => (closest(event, "dialog") ?? topDialog())?.close());

  /* ── Drawer: a fragment swapped into #drawer-body ──────────────────────── */

  on("htmx:afterSwap", (event) => {
    const drawer = closest(event, "#drawer");
    const opener = event.detail.requestConfig?.elt;
    // A form inside may have closed the drawer with this very answer.
    if (drawer && opener && !drawer.contains(opener)) openDialog(drawer, opener);
  });

  /* ── Menus: details.menu-wrap ──────────────────────────────────────────── */

  const openMenus = () => $$("details.menu-wrap[open]");

  // Fixed, because a scrolling table would clip it.
  function placeMenu(details) {
    const menu = $(".menu", details);
    const button = $("summary", details)?.getBoundingClientRect();
    if (!menu || !button) return;
    const { offsetWidth: width, offsetHeight: height } = menu;
    const left = menu.classList.contains("menu-start") ? button.left : button.right - width;
    const below = button.bottom + 4;
    const fits = below + height <= innerHeight - 8;
    Object.assign(menu.style, {
      position: "fixed",
      inset: "auto",
      left: `${Math.max(8, Math.min(left, root.clientWidth - width - 8))}px`,
      top: `${fits ? below : Math.max(8, button.top - height - 4)}px`,
    });
  }

  on("toggle", (event) => {
    const details = event.target;
    if (!(details instanceof HTMLDetailsElement) || !details.matches(".menu-wrap") || !details.open) return;
    for (const other of openMenus()) if (other !== details && !other.contains(details)) other.open = false;
    placeMenu(details);
  }, true);
  const closeMenus = (event) => {
    for (const details of openMenus()) {
      const inside = event.target instanceof Element && details.contains(event.target);
      if (!inside || (event.type === "click" && closest(event, ".menu a, .menu button"))) details.open = false;
    }
  };
  on("click", closeMenus);
  on("scroll", closeMenus, true);
  addEventListener("resize", closeMenus);

  /* ── Command palette ───────────────────────────────────────────────────── */

  const palette = () => $("#palette");
  const options = () => $$("[role=option]", palette()).filter((option) => !option.hidden);

  function selectOption(index) {
    const shown = options();
    const at = shown.length ? (index + shown.length) % shown.length : -1;
    for (const option of $$("[role=option]", palette())) option.setAttribute("aria-selected", "false");
    const input = $("input", palette());
    input.removeAttribute("aria-activedescendant");
    if (at < 0) return;
    shown[at].setAttribute("aria-selected", "true");
    shown[at].scrollIntoView({ block: "nearest" });
    if (shown[at].id) input.setAttribute("aria-activedescendant", shown[at].id);
  }

  // An input with hx-get lets the server search; otherwise the printed options are narrowed here.
  function filterOptions(input) {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!input.hasAttribute("hx-get")) {
      for (const option of $$("[role=option]", palette())) {
        const text = option.textContent.toLowerCase();
        option.hidden = !words.every((word) => text.includes(word));
      }
      for (const title of $$(".group", palette())) title.hidden = words.length > 0;
      const empty = $("[data-empty]", palette());
      if (empty) empty.hidden = options().length > 0;
    }
    selectOption(0);
  }

  function openPalette(opener) {
    if (!palette()) return false;
    if (palette().open) palette().close();
    else {
      openDialog(palette(), opener);
      $("input", palette()).select();
      selectOption(0);
    }
    return true;
  }

  function follow(option) {
    if (!option) return;
    palette().close();
    const link = option.matches("a") ? option : $("a", option);
    if (link) link.click();
    else if (option.dataset.href) location.assign(option.dataset.href);
  }

  on("click", (event) => {
    const opener = closest(event, "[data-palette]");
    if (opener && openPalette(opener)) event.preventDefault();
    const option = closest(event, "#palette [role=option]");
    if (option && closest(event, "a")) palette().close();
    else if (option) follow(option);
  });
  on("input", (event) => {
    if (closest(event, "#palette input")) filterOptions(event.target);
  });
  on("htmx:afterSettle", (event) => {
    if (closest(event, "#palette")) selectOption(0);
  });
  on("keydown", (event) => {
    if (!closest(event, "#palette input") || event.isComposing) return;
    const at = options().findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") selectOption(at + 1);
    else if (event.key === "ArrowUp") selectOption(at < 0 ? -1 : at - 1);
    else if (event.key === "Enter") follow(options()[at]);
    else return;
    event.preventDefault();
  });

  /* ── Shortcuts ─────────────────────────────────────────────────────────── */

  const SEQUENCES = {
    g: {
      d: "/", c: "/clients", p: "/projects", t: "/tasks", b: "/tasks/board", h: "/time-entries", i: "/billing",
      n: "/notifications",
    },
    c: { c: "/clients/new", p: "/projects/new", t: "/tasks/new", i: "/billing/new" },
  };
  const TYPING =
    "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, " +
    "[contenteditable], dialog";

  // Every page that is open to this person has a link in the palette; a key leads nowhere else.
  function go(path) {
    $(`a[href="${path}"]`)?.click();
  }

  // The server prints data-shortcuts: speech input and trembling hands press single keys unmeant.
  on("change", (event) => {
    const box = closest(event, "[data-shortcuts-switch]");
    if (box) root.dataset.shortcuts = box.checked ? "on" : "off";
  });

  // Rows of lists: j and k go from one to the next by its link, which Enter opens; x presses its tick.
  const ROW = "main :is(.table tbody tr, .list > li, .kcard)";
  const rowLink = (row) => $("a.title, .t, a, button.link-button", row);
  const currentRow = () => document.activeElement?.closest(ROW);
  const shownRows = () => $$(ROW).filter((row) => visible(row) && rowLink(row));

  function stepRow(by) {
    const rows = shownRows();
    const at = rows.indexOf(currentRow());
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    if (!row) return false;
    rowLink(row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    return true;
  }

  function tickRow() {
    const tick = $("[data-tick], .check[data-row]", currentRow() ?? document.createElement("i"));
    tick?.click();
    return Boolean(tick);
  }

  const KEYS = {
    "/": () => {
      const search = $$("main input[type=search]").find(visible);
      search?.focus();
      search?.select();
      return Boolean(search);
    },
    "?": () => openDialog($("#shortcuts")),
    j: () => stepRow(1),
    k: () => stepRow(-1),
    x: () => tickRow(),
    t: () => go("/time-entries/new"),
    s: () => $("#timer form[data-stop], form#timer[data-stop]")?.requestSubmit(),
  };

  let prefix = null;
  let prefixAt = 0;
  on("keydown", (event) => {
    const key = event.key;
    if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && key.toLowerCase() === "k") {
      if (openPalette()) event.preventDefault();
      return;
    }
    if (root.dataset.shortcuts === "off" || event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.metaKey || event.ctrlKey || event.altKey || topDialog() || closest(event, TYPING)) return;

    const paths = prefix && event.timeStamp - prefixAt < 1200 ? SEQUENCES[prefix] : null;
    prefix = null;
    if (paths && Object.hasOwn(paths, key)) go(paths[key]);
    else if (Object.hasOwn(SEQUENCES, key)) {
      prefix = key;
      prefixAt = event.timeStamp;
      return;
    } else if (!Object.hasOwn(KEYS, key) || KEYS[key]() === false) return;
    event.preventDefault();
  });

  on("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = closest(event, "details.menu-wrap[open]") ?? openMenus().at(-1);
    if (!menu) return;
    // Else Escape would also close the dialog around the menu.
    event.preventDefault();
    menu.open = false;
    $("summary", menu)?.focus();
  });

  on("keydown", (event) => {
    if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
    const form = closest(event, "textarea")?.form;
    if (form) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  /* ── Timesheet: arrow keys move between cells ──────────────────────────── */

  on("keydown", (event) => {
    const cell = closest(event, ".sheet-grid input.cell");
    if (!cell || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
    const td = cell.closest("td");
    const row = td.parentElement;
    const { selectionStart: start, selectionEnd: end, value } = cell;
    const whole = start === 0 && end === value.length;
    const to = {
      ArrowUp: () => row.previousElementSibling?.cells[td.cellIndex],
      ArrowDown: () => row.nextElementSibling?.cells[td.cellIndex],
      ArrowLeft: () => (whole || end === 0) && td.previousElementSibling,
      ArrowRight: () => (whole || start === value.length) && td.nextElementSibling,
    }[event.key]?.();
    const next = to && $("input.cell", to);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select();
  });

  /* ── Time zones: six hundred names that every browser knows ────────────── */

  on("DOMContentLoaded", () => {
    const list = $("datalist[data-zones]");
    for (const zone of (list && Intl.supportedValuesOf?.("timeZone")) || []) {
      list.append(element("option", { value: zone }));
    }
  });

  /* ── Forms ─────────────────────────────────────────────────────────────── */

  on("change", (event) => {
    if (closest(event, "[data-submit-on-change]") === event.target) event.target.form?.requestSubmit();
  });

  // Indexes only grow, so a removed line leaves a gap and never a duplicate name.
  function addLine(lines) {
    const template = $("template[data-line-template]", lines);
    if (!template) return;
    const number = Number(lines.dataset.nextLine ?? $$("[data-line]", lines).length);
    lines.dataset.nextLine = String(number + 1);
    const fragment = template.content.cloneNode(true);
    for (const node of $$("*", fragment)) {
      for (const attribute of node.attributes) {
        if (attribute.value.includes("__n__")) attribute.value = attribute.value.replaceAll("__n__", String(number));
      }
    }
    const added = [...fragment.children];
    template.before(fragment);
    for (const node of added) {
      window.htmx?.process(node);
      focusOn($(FIELD, node));
    }
  }

  function removeLine(line, lines) {
    const all = $$("[data-line]", lines);
    const neighbour = all[all.indexOf(line) + 1] ?? all[all.indexOf(line) - 1];
    line.remove();
    focusOn((neighbour && $("[data-remove-line]", neighbour)) ?? $("[data-add-line]", lines));
  }

  on("click", (event) => {
    const button = closest(event, "[data-add-line], [data-remove-line]");
    const lines = button?.closest("[data-lines]");
    if (!lines) return;
    event.preventDefault();
    const line = button.closest("[data-line]");
    if (button.matches("[data-add-line]")) addLine(lines);
    else if (line) removeLine(line, lines);
    lines.dispatchEvent(new Event("input", { bubbles: true }));
  });

  /* ── Confirmation ──────────────────────────────────────────────────────── */

  let confirmation = null;

  function confirmDialog() {
    if (confirmation?.isConnected) return confirmation;
    const no = element("button", { class: "btn", value: "no", autofocus: "" });
    const yes = element("button", { class: "btn btn-danger", value: "yes" });
    confirmation = element(
      "dialog",
      { role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-body" },
      element("div", { class: "dialog-head" }, element("h2", { id: "confirm-title" })),
      element("div", { class: "dialog-body" }, element("p", { id: "confirm-body" })),
      element("form", { method: "dialog", class: "dialog-foot" }, no, yes),
    );
    document.body.append(confirmation);
    return confirmation;
  }

  function ask(source) {
    const dialog = confirmDialog();
    const { confirm, confirmBody, confirmButton = "Delete" } = source.dataset;
    $("#confirm-title", dialog).textContent = confirm;
    $("#confirm-body", dialog).textContent = confirmBody ?? "";
    $(".dialog-body", dialog).hidden = !confirmBody;
    $("button[value=yes]", dialog).textContent = confirmButton;
    $("button[value=no]", dialog).textContent = /^(Delete|Discard|Remove) /.test(confirmButton)
      ? confirmButton.replace(/^\w+/, "Keep")
      : "Cancel";
    // Escape closes without a value and would leave the last answer standing.
    dialog.returnValue = "";
    openDialog(dialog);
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  // Captured, so that it runs before htmx's own listener on the form.
  let confirmed = null;
  on("submit", (event) => {
    const form = event.target;
    const source = event.submitter?.matches("[data-confirm]") ? event.submitter : form;
    if (!source.matches("[data-confirm]") || confirmed === form) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    ask(source).then((yes) => {
      if (!yes || !form.isConnected) return;
      confirmed = form;
      form.requestSubmit(event.submitter?.isConnected ? event.submitter : null);
      confirmed = null;
    });
  }, true);

  // The same for a button that sends its own request, such as hx-delete.
  on("htmx:confirm", (event) => {
    const { elt, triggeringEvent, issueRequest } = event.detail;
    if (triggeringEvent?.type === "submit" || !elt.matches("[data-confirm]")) return;
    event.preventDefault();
    ask(elt).then((yes) => yes && issueRequest(true));
  });

  /* ── Toasts ────────────────────────────────────────────────────────────── */

  const TOAST_MS = 8000;

  // What lies outside an open modal dialog can be neither seen nor clicked.
  function hostToasts() {
    const toasts = $("#toasts");
    const host = topDialog() ?? document.body;
    if (toasts && toasts.parentElement !== host) host.append(toasts);
    return toasts;
  }

  function dismiss(toast, back) {
    const focused = toast.contains(document.activeElement);
    toast.remove();
    if (focused && !(back?.isConnected && focusOn(back))) focusOn($("#main"));
  }

  const adopted = new WeakSet();
  function adopt(toast) {
    if (adopted.has(toast)) return;
    adopted.add(toast);
    let back = null;
    let timeout = 0;
    const pause = () => clearTimeout(timeout);
    const run = () => {
      pause();
      if (!toast.matches(":hover, :focus-within")) timeout = setTimeout(() => dismiss(toast, back), TOAST_MS);
    };
    toast.addEventListener("pointerenter", pause);
    toast.addEventListener("pointerleave", run);
    toast.addEventListener("focusin", (event) => {
      pause();
      if (event.relatedTarget && !toast.contains(event.relatedTarget)) back = event.relatedTarget;
    });
    toast.addEventListener("focusout", () => setTimeout(run));
    toast.addEventListener("click", (event) => {
      if (closest(event, ".x, .again")) dismiss(toast, back);
    });
    run();
  }

  function showToast(message, kind = "ok", retry = null) {
    const toasts = hostToasts();
    if (!toasts || !message) return;
    for (const old of $$(".toast", toasts)) if ($(".grow", old)?.textContent === message) old.remove();
    const bad = kind === "bad";
    const toast = element(
      "div",
      { class: bad ? "toast toast-bad" : "toast" },
      icon(bad ? "triangle-alert" : "circle-check"),
      element("span", { class: "grow" }, message),
    );
    if (retry) {
      const again = element("button", { type: "button", class: "again" }, "Try again");
      again.addEventListener("click", retry);
      toast.append(again);
    }
    toast.append(element("button", { type: "button", class: "x", "aria-label": "Dismiss" }, icon("x", "icon icon-sm")));
    toasts.append(toast);
    adopt(toast);
  }

  const adoptToasts = () => $$("#toasts > .toast").forEach(adopt);
  adoptToasts();
  on("htmx:load", adoptToasts);
  on("toast", (event) => showToast(event.detail?.message, event.detail?.kind));

  /* ── Failed requests ───────────────────────────────────────────────────── */

  const shownErrors = new WeakSet();
  on("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.isError && detail.shouldSwap) {
      const dialog = detail.requestConfig?.elt.closest("dialog[open]");
      const slot = dialog && $("[data-flash]", dialog);
      if (slot) detail.target = slot;
      // The page's own #flash lies under the dialog; a whole page is a proxy's error, not ours.
      else if (dialog && !dialog.contains(detail.target)) detail.shouldSwap = false;
      if (/^\s*<(!doctype|html)/i.test(detail.serverResponse)) detail.shouldSwap = false;
      if (detail.shouldSwap && detail.serverResponse.trim()) shownErrors.add(detail.xhr);
    }
    rememberFocus(detail.shouldSwap ? detail.target : null);
  });

  function retryOf({ elt, requestConfig }) {
    const { type, submitter } = requestConfig?.triggeringEvent ?? {};
    if (!type) return null;
    return () => {
      if (!elt.isConnected) return;
      if (elt instanceof HTMLFormElement) elt.requestSubmit(submitter?.isConnected ? submitter : null);
      else window.htmx.trigger(elt, type);
    };
  }

  function requestFailed(event) {
    const { xhr, requestConfig } = event.detail;
    if (shownErrors.has(xhr)) return;
    const retry = retryOf(event.detail);
    if (requestConfig?.verb !== "get") showToast("Could not save. Your text is still here.", "bad", retry);
    // A poll tries again by itself.
    else if (retry) showToast("Could not load.", "bad", retry);
  }

  on("htmx:responseError", requestFailed);
  on("htmx:sendError", requestFailed);
  on("htmx:timeout", requestFailed);
})();
