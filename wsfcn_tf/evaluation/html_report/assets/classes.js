// --- Classes: headings that sort ---

const classes = document.querySelector(".classes");
const headings = [...classes.querySelectorAll("thead th")];

function sortBy(column, descending) {
  const body = classes.tBodies[0];
  const known = (row) => row.cells[column].dataset.value !== "";
  const value = (row) => Number(row.cells[column].dataset.value);
  const rows = [...body.rows].sort((a, b) => {
    if (!known(a) || !known(b)) return known(b) - known(a); // what has no number stays last
    return descending ? value(b) - value(a) : value(a) - value(b);
  });
  body.append(...rows);
  headings.forEach((heading, i) => {
    heading.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
  });
}

headings.forEach((heading, column) => {
  heading.querySelector("button").addEventListener("click", () => {
    const sorted = heading.getAttribute("aria-sort");
    // The first column sorts by the classes' order, upwards; numbers begin with the largest.
    sortBy(column, sorted === "none" ? column > 0 : sorted === "ascending");
  });
});
