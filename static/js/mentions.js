// Names behind an @: suggested below the text while it is typed. The choice of assignee knows everybody.
(() => {
  "use strict";

  const FIELDS = "textarea[name=body], textarea[name=description]";
  // What stands between the last @ of a word and the caret.
  const ASKED = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{N}][\p{L}\p{N} .'-]{0,40}|)$/u;
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  let list = null;
  let field = null;

  const people = () =>
    [...document.querySelectorAll("#assignee_id option")].filter((option) => option.value).map((option) => option.textContent.trim());
  const options = () => [...(list?.children ?? [])];
  const chosen = () => options().findIndex((option) => option.getAttribute("aria-selected") === "true");

  function close() {
    list?.remove();
    field?.removeAttribute("aria-activedescendant");
    field?.removeAttribute("aria-controls");
    list = field = null;
  }

  function choose(at) {
    const all = options();
    const index = (at + all.length) % all.length;
    all.forEach((option, number) => option.setAttribute("aria-selected", String(number === index)));
    field.setAttribute("aria-activedescendant", all[index].id);
  }

  function accept(name) {
    const before = field.value.slice(0, field.selectionStart);
    const start = before.lastIndexOf("@");
    const { selectionStart: caret } = field;
    field.setRangeText(`@${name} `, start, caret, "end");
    field.focus();
    close();
  }

  function suggest(target) {
    const asked = ASKED.exec(target.value.slice(0, target.selectionStart))?.[1];
    const wanted = fold(asked ?? "");
    const names = asked === undefined ? [] : people().filter((name) => fold(name).split(" ").some((_, at, words) => words.slice(at).join(" ").startsWith(wanted)));
    close();
    if (!names.length || (names.length === 1 && fold(names[0]) === wanted.trimEnd())) return;
    field = target;
    list = document.createElement("ul");
    list.id = "mention-list";
    list.className = "menu mention-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "People");
    names.slice(0, 8).forEach((name, at) => {
      const option = document.createElement("li");
      option.id = `mention-${at}`;
      option.setAttribute("role", "option");
      option.textContent = name;
      // Before the field loses the focus.
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        accept(name);
      });
      list.append(option);
    });
    field.after(list);
    field.setAttribute("aria-controls", list.id);
    choose(0);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.(FIELDS)) suggest(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target === field) close();
  });
  // Captured, so that Enter chooses a name before anything else hears of it.
  document.addEventListener("keydown", (event) => {
    if (!list || event.target !== field || event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen() + 1);
    else if (event.key === "ArrowUp") choose(chosen() - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" && !event.metaKey && !event.ctrlKey) || event.key === "Tab") {
      accept(options()[chosen()].textContent);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
