// The board: cards by mouse and finger (SortableJS) and by keyboard. The server has the last word on every move.
(() => {
  "use strict";

  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const cardsOf = (list) => [...list.children].filter((node) => node.matches(".kcard"));
  const titleOf = (card) => card.querySelector(".t").textContent;

  function announce(text) {
    const live = document.getElementById("board-live");
    if (live) live.textContent = text;
  }

  const toast = (message, kind) =>
    document.body.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { message, kind } }));

  function count(list, by) {
    const shown = list.closest(".kcol").querySelector("[data-n]");
    if (/^\d+$/.test(shown.textContent)) shown.textContent = String(Number(shown.textContent) + by);
  }

  const place = (card) => ({ list: card.parentElement, next: card.nextElementSibling });

  function put(card, { list, next }) {
    if (card.parentElement !== list) {
      count(card.parentElement, -1);
      count(list, 1);
    }
    list.insertBefore(card, next?.parentElement === list ? next : null);
  }

  // One after the other: a card that is moved twice ends where it was moved to last.
  let queue = Promise.resolve();

  function save(card, from) {
    const list = card.parentElement;
    const cards = cardsOf(list);
    const at = cards.indexOf(card);
    const id = card.dataset.card;
    const body = new URLSearchParams({
      status: list.dataset.status,
      after: cards[at - 1]?.dataset.card ?? "",
      before: cards[at + 1]?.dataset.card ?? "",
    });
    const moved = `Moved “${titleOf(card)}” to ${list.dataset.label}, ${at + 1} of ${cards.length}.`;
    queue = queue.then(async () => {
      let answer = null;
      try {
        answer = await fetch(`/tasks/${id}/move`, { method: "POST", body, headers: { "HX-Request": "true" } });
      } catch {
        // Told below.
      }
      if (!answer?.ok) {
        if (card.isConnected && from.list.isConnected) put(card, from);
        toast("Could not move the card. It is back where it was.", "bad");
        return;
      }
      const template = document.createElement("template");
      template.innerHTML = await answer.text();
      const fresh = template.content.querySelector(".kcard");
      if (!fresh || !card.isConnected) return;
      const focused = card.contains(document.activeElement);
      card.replaceWith(fresh);
      window.htmx?.process(fresh);
      if (focused) fresh.querySelector(".t").focus();
      const note = list.dataset.status === "todo" ? "" : (fresh.dataset.note ?? "");
      announce(note ? `${moved} ${note}` : moved);
      if (note) toast(`${titleOf(fresh)}: ${note}`);
    });
  }

  function wire(board) {
    if (board.dataset.wired) return;
    board.dataset.wired = "true";
    for (const list of $$("ol[data-status]", board)) {
      let from = null;
      window.Sortable?.create(list, {
        group: "board",
        draggable: ".kcard",
        ghostClass: "kcard-ghost",
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
        // The same by mouse, finger and pen; a touch that scrolls drags nothing.
        forceFallback: true,
        fallbackTolerance: 4,
        delay: 200,
        delayOnTouchOnly: true,
        onStart: ({ item }) => { from = place(item); },
        onEnd: ({ item, to, from: list, oldIndex, newIndex }) => {
          if (to === list && oldIndex === newIndex) return;
          if (to !== list) {
            count(list, -1);
            count(to, 1);
          }
          save(item, from);
        },
      });
    }
  }

  const wireAll = () => $$("[data-board]").forEach(wire);
  wireAll();
  document.addEventListener("htmx:load", wireAll);

  // Arrow keys go from card to card; with Shift they take the card along.
  document.addEventListener("keydown", (event) => {
    const card = event.target instanceof Element && event.target.matches(".kcard > .t") ? event.target.parentElement : null;
    const board = card?.closest("[data-board]");
    if (!board || event.metaKey || event.ctrlKey || event.altKey || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const list = card.parentElement;
    const lists = $$("ol[data-status]", board);
    const cards = cardsOf(list);
    const at = cards.indexOf(card);
    const beside = lists[lists.indexOf(list) + { ArrowLeft: -1, ArrowRight: 1 }[event.key]];
    if (!event.shiftKey) {
      const others = beside ? cardsOf(beside) : [];
      const target = {
        ArrowUp: cards[at - 1],
        ArrowDown: cards[at + 1],
        ArrowLeft: others[Math.min(at, others.length - 1)],
        ArrowRight: others[Math.min(at, others.length - 1)],
      }[event.key];
      target?.querySelector(".t").focus();
      return;
    }
    const to = {
      ArrowUp: () => at > 0 && { list, next: cards[at - 1] },
      ArrowDown: () => at < cards.length - 1 && { list, next: cards[at + 1].nextElementSibling },
      ArrowLeft: () => beside && { list: beside, next: beside.firstElementChild },
      ArrowRight: () => beside && { list: beside, next: beside.firstElementChild },
    }[event.key]();
    if (!to) return;
    const from = place(card);
    put(card, to);
    card.querySelector(".t").focus();
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
    save(card, from);
  });
})();
