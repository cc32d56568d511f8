// Tables: a head sorts its column, a cell of a test set opens its images. Without this script they are plain tables.

function sortRows(table, column, descending) {
  const body = table.tBodies[0];
  const value = (row) => {
    const cell = row.cells[column];
    if (column === 0) return cell.textContent;
    return cell.dataset.sort === "" || cell.dataset.sort === undefined ? null : Number(cell.dataset.sort);
  };
  const sign = descending ? -1 : 1;
  const rows = [...body.rows].sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return (a === null) - (b === null); // what has no number stands last
    return sign * (typeof a === "string" ? a.localeCompare(b) : a === b ? 0 : a - b);
  });
  body.append(...rows);
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
  table.tHead.rows[0].cells[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = make("button", { type: "button", title: "Sort by this column" });
    const text = head.querySelector(".head");
    text.replaceWith(button);
    button.append(text);
    button.addEventListener("click", () => {
      const sorted = head.getAttribute("aria-sort");
      const bestFirst = head.dataset.rising === "1";
      sortRows(table, column, sorted === null ? bestFirst : sorted === "ascending");
    });
  });
}

function makeCellsOpen(table, open) {
  for (const row of table.tBodies[0].rows) {
    for (const cell of row.cells) {
      const value = cell.querySelector(".value");
      if (!cell.dataset.metric || cell.dataset.sort === "") continue;
      const button = make("button", { type: "button", title: "Show its images by this metric" });
      value.replaceWith(button);
      button.append(value);
      button.addEventListener("click", () => open(Number(table.dataset.set), row.dataset.key, cell.dataset.metric));
    }
  }
}
