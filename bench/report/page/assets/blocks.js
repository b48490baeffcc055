// What is folded: tables, lines and notes, drawn when they are opened.
const showFold = one => fold(one.title, () => [one.note ? h("p", { class: "muted small", dir: "auto" }, one.note) : null, ...blocks(one.blocks)]);
function blocks(all) {
  const found = [], charts = all.filter(block => block.kind === "lines");
  if (charts.length) found.push(h("div", { class: "two" }, charts.map(lines)));
  return [...all.filter(block => block.kind === "note").map(block => h("p", { dir: "auto" }, block.text)), ...found, ...all.filter(block => block.kind === "table").map(table)];
}

const NUMBERS = /^[\s\d.,+−–—%×≈·()/-]*(to)?[\s\d.,+−–%)-]*$/;
function table(block) {
  const text = block.columns.map((_, n) => block.rows.some(row => !NUMBERS.test(row[n] ?? "")) ? "text" : "");
  return scrolling(block.title || "Table", h("table", { class: "small" }, block.title ? h("caption", { dir: "auto" }, block.title) : null,
    h("thead", {}, h("tr", {}, block.columns.map(([title, help], n) => h("th", { scope: "col", title: help || null, dir: "auto", class: text[n] }, title)))),
    h("tbody", {}, block.rows.map(row => h("tr", {}, row.map((cell, n) => h("td", { class: text[n], dir: "auto" }, cell ?? "")))))));
}

const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
function lines(block) {
  const width = 420, height = 270, box = { left: 46, right: width - 10, top: 20, bottom: height - 40 };
  const kept = block.series.map(one => ({ ...one, points: one.x.map((x, i) => [x, one.y[i], i]).filter(([, y]) => y !== null) })).filter(one => one.points.length);
  const xs = block.xs || kept.flatMap(one => one.points.map(([x]) => x)), ys = block.ys || kept.flatMap(one => [...one.points.map(([, y]) => y), ...(one.low || []), ...(one.high || [])]);
  const [lowest, highest] = [Math.min(...ys), Math.max(...ys)], pad = block.ys ? 0 : (highest - lowest) * 0.06 || 0.01;
  const x = scale(Math.min(...xs), Math.max(...xs), box.left, box.right, block.log), y = scale(lowest - pad, highest + pad, box.bottom, box.top);
  const draw = (one, n) => {
    const colour = one.muted ? null : one.family ? look(one.family)[1] : Object.values(DATA.looks)[n % 8][1], d = one.points.map(([px, py], i) => `${i ? "L" : "M"}${x(px).toFixed(1)},${y(py).toFixed(1)}`).join("");
    const only = block.points && !one.muted;
    return [only ? null : s("path", { d, fill: "none", class: one.muted ? "muted" : null, stroke: colour, "stroke-width": 1.6, "stroke-dasharray": DASHES[one.dash || 0] }),
      one.low ? one.points.map(([px, , i]) => s("line", { class: "bar", x1: x(px), x2: x(px), y1: y(one.low[i]), y2: y(one.high[i]), stroke: colour })) : null,
      one.muted ? null : one.points.map(([px, py, i]) => s("circle", { cx: x(px), cy: y(py), r: px === one.mark ? 6 : one.size ? 2 + 7 * Math.sqrt(one.size[i]) : only ? 4 : 2.5, fill: colour }, s("title", {}, `${one.name}: ${short(px)}, ${score(py)}`)))].flat();
  };
  const said = kept.map(one => `${one.name}: ${one.points.map(([px, py]) => `${short(px)} ${score(py)}`).join(", ")}`).join("; ");
  return h("figure", {}, h("figcaption", { dir: "auto" }, block.title), s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${block.title}. ${said}` },
    axes(box, x, y, ticks(Math.min(...xs), Math.max(...xs), block.log, 7), ticks(lowest - pad, highest + pad, false, 6), block.x, block.y), kept.flatMap(draw)),
  kept.length > 1 && kept.length <= 8 ? h("p", { class: "small muted", dir: "auto" }, kept.map(one => one.name).join(" · ")) : null);
}
