// Two pinned models: the difference is the second less the first, as the page was given it.
function showCompare(board) {
  const pins = pinned(board);
  if (pins.length < 2) return place("compare", pins.length ? h("p", { class: "muted" }, `${board.lines[pins[0]].title} is pinned: pin another to compare the two.`) : null);
  const [first, second] = pins.map(i => board.lines[i]), pair = pairOf(board, ...pins);
  const swap = h("button", { type: "button", class: "tools", onclick: () => change({ pin: [second.id, first.id].join(",") }) }, "swap");
  const free = h("button", { type: "button", class: "tools", onclick: () => change({ pin: "" }) }, "unpin");
  place("compare", h("div", { class: "card" }, h("h2", {}, "Two models compared"),
    h("p", { dir: "auto" }, icon(first.family), h("b", {}, `first: ${first.title}`)), h("p", { dir: "auto" }, icon(second.family), h("b", {}, `second: ${second.title}`)),
    h("div", { class: "chips" }, swap, free),
    pair ? difference(board, pair, first, second, pins) : h("p", {}, `These two are not compared here: python -m bench compare ${first.runs[0]} ${second.runs[0]}`),
    h("div", { class: "two" }, first.f1 && second.f1 ? h("div", {}, h("h3", {}, "F1 of each label"), dots(board, pins)) : null,
      first.confusion && second.confusion ? h("div", {}, h("h3", {}, "Difference of the confusions: second less first"), confusion(board, second.confusion.map((row, i) => row.map((n, j) => n - first.confusion[i][j])), true)) : null),
    pair ? fold("Texts that flip", () => flips(board, pins)) : null));
}

function difference(board, pair, first, second, pins) {
  const label = board.judged[board.metric].label, verdict = pair.low > 0 ? ["the second is better", "good"] : pair.high < 0 ? ["the second is worse", "bad"] : ["no difference is shown", ""];
  const judged = board.judged[board.metric];
  const ratio = (a, b) => a && b ? `${digits(a / b)} times smaller` : "not measured";
  const speed = pair.turned && !pair.speed.startsWith("×") ? `the first is ${pair.speed} times faster than the second` : pair.speed.startsWith("×") ? `no ratio: ${pair.speed.slice(2)}` : `the second is ${pair.speed} times faster`;
  return h("dl", { class: "facts" },
    h("dt", {}, label), h("dd", {}, `${score(judged.score[pins[0]])} and ${score(judged.score[pins[1]])}`),
    h("dt", {}, "difference"), h("dd", {}, h("b", { class: verdict[1] }, `${signed(pair.value)} (${range(pair.low, pair.high)})`), ` ${verdict[0]}: paired, 95 % interval of this pair by itself, over texts and seeds`),
    h("dt", {}, "flips"), h("dd", {}, `${pair.corrections} corrections (wrong → right), ${pair.regressions} regressions, mean over seeds`),
    h("dt", {}, "p50"), h("dd", {}, speed), h("dt", {}, "size"), h("dd", {}, `${digits(first.mb)} and ${digits(second.mb)} MB: the second is ${ratio(first.mb, second.mb)}`),
    h("dt", {}, "memory"), h("dd", {}, `${digits(first.rss)} and ${digits(second.rss)} MB`),
    h("dt", {}, "the test"), h("dd", { class: "mono" }, `python -m bench compare ${first.runs[0]} ${second.runs[0]}`));
}

// The counts are of all texts; of those listed first those whose text is in the page.
const MOST_FLIPS = 40;
function flips(board, pins) {
  const { n, of, texts, remark } = board.pairs.contested, { ids, labels, rightIn } = once(board.pairs.contested, () => contestedOf(board));
  const [a, b] = pins.map(rightIn), found = { fixed: [], lost: [] }, told = Object.keys(texts).length, has = text => Object.hasOwn(texts, ids[text]);
  for (let text = 0; text < n; text++) if (a(text) !== b(text)) found[b(text) ? "fixed" : "lost"].push(text);
  const part = (title, all) => {
    const shown = [...all.filter(has), ...all.filter(text => !has(text))].slice(0, MOST_FLIPS);
    return h("div", {}, h("h3", {}, `${title}: ${all.length} texts by most seeds`), all.length > shown.length ? h("p", { class: "muted small" }, `shown: ${shown.length} of ${all.length}`) : null,
      h("ul", { class: "small" }, shown.map(text => h("li", {}, h("span", { class: "mono" }, ids[text]), " ", h("span", { class: "muted", dir: "auto" }, labels[text]), " ", has(text) ? h("span", { dir: "auto" }, texts[ids[text]]) : null))));
  };
  return [
    n < of ? h("p", { class: "small" }, `Of ${of} texts that flip between some of the models these are the ${n} on which the models disagree most; how many flip in all is told above.`) : null,
    remark ? h("p", { class: "muted small" }, remark) : told < of ? h("p", { class: "muted small" }, `Texts stand here of the ${told} rows on which the models of this board disagree most; of the others the ids.`) : null,
    h("div", { class: "two" }, part("Right in the first alone", found.lost), part("Right in the second alone", found.fixed)),
  ];
}

// F1 of each label, a dot a model; of many labels those that differ most.
const MOST_LABELS = 20;
function dots(board, models) {
  const lines = models.map(i => board.lines[i]), gap = k => lines.length > 1 ? Math.abs(lines[1].f1[k] - lines[0].f1[k]) : -lines[0].f1[k];
  const order = board.labels.map((_, k) => k), shown = order.length > MOST_LABELS ? order.sort((a, b) => gap(b) - gap(a)).slice(0, MOST_LABELS) : order;
  const width = 460, left = 150, height = 22 * shown.length + 26, x = scale(0, 1, left, width - 16);
  const text = shown.map(k => `${board.labels[k]}: ${lines.map(line => score(line.f1[k])).join(" and ")}`).join("; ");
  return [s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `F1 of each label. ${text}` },
    [0, 0.25, 0.5, 0.75, 1].map(value => [s("line", { class: "grid", x1: x(value), x2: x(value), y1: 0, y2: height - 20 }), s("text", { class: "tick", x: x(value), y: height - 6, "text-anchor": "middle" }, value)]).flat(),
    shown.flatMap((k, n) => [s("text", { x: left - 8, y: 22 * n + 15, "text-anchor": "end" }, s("title", {}, board.labels[k]), [...board.labels[k]].length > 20 ? [...board.labels[k]].slice(0, 19).join("") + "…" : board.labels[k]),
      lines.length > 1 ? s("line", { class: "leader", x1: x(lines[0].f1[k]), x2: x(lines[1].f1[k]), y1: 22 * n + 11, y2: 22 * n + 11 }) : null,
      ...lines.map((line, m) => s("circle", { cx: x(line.f1[k]), cy: 22 * n + 11, r: 5, fill: m ? look(line.family)[1] : "none", stroke: look(line.family)[1], "stroke-width": 2 }))])),
  lines.length > 1 ? h("p", { class: "small muted" }, "open: the first, filled: the second", order.length > MOST_LABELS ? `; the ${MOST_LABELS} labels that differ most` : "") : order.length > MOST_LABELS ? h("p", { class: "small muted" }, `the ${MOST_LABELS} best labels`) : null];
}

function confusion(board, counts, differs) {
  const largest = Math.max(1, ...counts.flat().map(Math.abs)), sums = counts.map(row => row.reduce((a, b) => a + b, 0) || 1);
  const shade = (n, i, j) => differs ? `color-mix(in srgb, var(--${(i === j) === (n > 0) ? "good" : "bad"}) ${Math.round(45 * Math.abs(n) / largest)}%, var(--card))` : `color-mix(in srgb, var(--accent) ${Math.round(45 * n / sums[i])}%, var(--card))`;
  return scrolling("Confusions", h("table", { class: "small" }, h("caption", {}, "rows are true labels, columns predicted; texts, mean over seeds"),
    h("thead", {}, h("tr", {}, h("td", {}), board.labels.map(label => h("th", { scope: "col", dir: "auto" }, label)))),
    h("tbody", {}, counts.map((row, i) => h("tr", {}, h("th", { scope: "row", dir: "auto" }, board.labels[i]), row.map((n, j) => h("td", { style: `background:${shade(n, i, j)}` }, differs && n > 0 ? "+" : "", Math.round(n * 10) / 10)))))));
}
