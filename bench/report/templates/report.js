"use strict";
// Sorting: by the value of each cell; failures stay at the end.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table"), column = head.cellIndex;
    const rising = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "descending" : head.dataset.first === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const value = row => {
      const cell = row.cells[column], text = cell ? cell.dataset.value ?? cell.textContent.trim() : "";
      return text === "" ? null : isNaN(text) ? text : Number(text);
    };
    const compare = (a, b) => {
      const x = value(a), y = value(b);
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
      return rising ? order : -order;
    };
    const body = table.tBodies[0], rows = [...body.rows];
    const failed = rows.filter(row => row.classList.contains("failed"));
    body.append(...rows.filter(row => !row.classList.contains("failed")).sort(compare), ...failed);
  });
}

// Charts are drawn when they come near the screen; `var(--name)` in their colours is the page's, light or dark.
const drawn = new Set();
function coloured(value) {
  if (typeof value === "string" && value.startsWith("var(--"))
    return getComputedStyle(document.documentElement).getPropertyValue(value.slice(4, -1)).trim();
  if (Array.isArray(value)) return value.map(coloured);
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
  return value;
}
function draw(plot) {
  const figure = coloured(JSON.parse(plot.nextElementSibling.textContent));
  drawn.add(plot);
  // too narrow for names beside the points: the legend and the hover have them
  if (plot.clientWidth < 420) delete figure.layout.annotations;
  Plotly.react(plot, figure.data, figure.layout, { displaylogo: false, displayModeBar: plot.closest(".wide") ? undefined : false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });
}
const near = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) {
    near.unobserve(entry.target);
    try { draw(entry.target); } catch (error) { entry.target.textContent = `This chart could not be drawn: ${error}`; }
  }
}, { rootMargin: "400px" });
for (const plot of document.querySelectorAll(".plot")) near.observe(plot);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));

// The section on screen is marked in the navigation.
const links = new Map([...document.querySelectorAll("nav a")].map(link => [link.hash.slice(1), link]));
const here = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) {
    links.forEach(link => link.classList.remove("here"));
    links.get(entry.target.id)?.classList.add("here");
  }
}, { rootMargin: "-20% 0px -70% 0px" });
for (const section of document.querySelectorAll("section[id]")) here.observe(section);
