/**
 * The page's only script: it sorts the tables by a click on a heading, and filters long ones.
 *
 * A page without scripts shows the same tables. The page's policy allows this text by its hash, so
 * no other script runs.
 */
export const TABLE_SCRIPT = `
"use strict";
let count = 0;
for (const figure of document.querySelectorAll("figure.table")) {
  const body = figure.querySelector("tbody");
  const rows = body ? [...body.rows] : [];
  if (rows.length < 2) continue;
  const heads = [...figure.querySelectorAll("thead th")];
  const valueOf = (row, i) => row.cells[i].title || row.cells[i].textContent;
  const compare = (a, b, i) => {
    const [isLast, isFirst] = [a, b].map((row) => row.cells[i].classList.contains("null"));
    if (isLast || isFirst) return isLast - isFirst;
    const [one, other] = [valueOf(a, i), valueOf(b, i)];
    const difference = heads[i].className === "number" ? Number(one) - Number(other) : NaN;
    return difference || one.localeCompare(other, undefined, { numeric: true });
  };
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const one of heads) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      const isNull = (row) => row.cells[i].classList.contains("null");
      body.append(...rows.toSorted((a, b) => (isNull(a) || isNull(b) ? 1 : sign) * compare(a, b, i)));
    });
  });
  if (rows.length <= 10) continue;
  const tools = document.createElement("div");
  tools.className = "tools";
  const input = document.createElement("input");
  input.type = "search";
  input.id = "show-rows-" + ++count;
  input.placeholder = "Filter";
  input.setAttribute("aria-label", "Filter the rows of this table");
  const shown = document.createElement("span");
  shown.setAttribute("role", "status");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\\s+/);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) left++;
    }
    const [some, all] = [left, rows.length].map((number) => number.toLocaleString("en-US"));
    shown.textContent = (left === rows.length ? "" : some + " of ") + all + " rows";
  };
  input.addEventListener("input", filter);
  filter();
  tools.append(input, shown);
  figure.prepend(tools);
}
`;
