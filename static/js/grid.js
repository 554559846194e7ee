// The timesheet by keyboard: arrow keys, Enter and Escape as in a spreadsheet. Tab is the browser's own.
(() => {
  "use strict";

  const cellOf = (event) => (event.target instanceof Element ? event.target.closest(".sheet-grid .cell") : null);

  // The next cell that takes the focus, `across` columns and `down` rows from a cell.
  function neighbour(cell, across, down) {
    let td = cell.closest("td");
    while (td) {
      if (down === 0) {
        td = across > 0 ? td.nextElementSibling : td.previousElementSibling;
      } else {
        const row = down > 0 ? td.parentElement.nextElementSibling : td.parentElement.previousElementSibling;
        td = row ? row.children[td.cellIndex] : null;
      }
      const found = td?.querySelector("input.cell, a.cell");
      if (found) return found;
    }
    return null;
  }

  // Whether an arrow key would leave the text of a field.
  function isAtEdge(cell, across) {
    if (!(cell instanceof HTMLInputElement)) return true;
    const { selectionStart: start, selectionEnd: end, value } = cell;
    if (start === 0 && end === value.length) return true;
    return start === end && start === (across < 0 ? 0 : value.length);
  }

  function step(event, cell, across, down) {
    const next = neighbour(cell, across, down);
    event.preventDefault();
    if (next) {
      next.focus();
    } else if (cell instanceof HTMLInputElement) {
      // The last row: leave the field, so that it is saved, and come back.
      cell.blur();
      cell.focus();
    }
  }

  document.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      step(event, cell, 0, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const across = event.key === "ArrowRight" ? 1 : -1;
      if (!event.shiftKey && isAtEdge(cell, across)) step(event, cell, across, 0);
    } else if (event.key === "Enter" && cell instanceof HTMLInputElement) {
      step(event, cell, 0, event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && cell instanceof HTMLInputElement) {
      cell.value = cell.defaultValue;
      cell.select();
    }
  });

  document.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell instanceof HTMLInputElement) cell.select();
  });
})();
