// --- Confusion matrix: what a cell holds, by pointer, tap or arrow keys ---

const matrix = document.querySelector(".matrix");
const box = matrix.parentElement;
const output = document.getElementById("cell");
const columns = matrix.tHead.rows[0].cells;
let chosen = null;

function choose(cell) {
  if (chosen) {
    for (const marked of matrix.querySelectorAll(".on")) marked.classList.remove("on");
  }
  chosen = cell;
  const row = cell.parentElement;
  for (const marked of [cell, row.cells[0], columns[cell.cellIndex]]) marked.classList.add("on");
  const truth = row.cells[0].textContent;
  const prediction = columns[cell.cellIndex].textContent;
  const count = Number(cell.dataset.count || 0);
  const total = Number(row.dataset.total);
  const share = total > 0 ? `${((100 * count) / total).toFixed(2)} %` : "none";
  const what = truth === prediction ? `${truth}, found` : `${truth} taken for ${prediction}`;
  const [pixels, all] = [count, total].map((number) => number.toLocaleString("en"));
  output.textContent = `${what}: ${share} of its ${all} true pixels (${pixels})`;
}

function point(event) {
  const cell = event.target.closest(".matrix tbody td");
  if (cell && cell !== chosen) choose(cell);
}

matrix.addEventListener("click", point);
let place = "";
matrix.addEventListener("pointermove", (event) => {
  const before = place;
  place = `${event.clientX} ${event.clientY}`;
  // In the same place, the matrix has been scrolled under the pointer, perhaps by the arrow keys.
  if (place !== before) point(event);
});

box.addEventListener("keydown", (event) => {
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!move) return;
  event.preventDefault();
  const rows = matrix.tBodies[0].rows;
  const [down, right] = chosen ? move : [0, 0];
  const row = Math.max(0, Math.min(rows.length - 1, (chosen ? chosen.parentElement.sectionRowIndex : 0) + down));
  const column = Math.max(1, Math.min(rows.length, (chosen ? chosen.cellIndex : 1) + right));
  choose(rows[row].cells[column]);
  chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
});
