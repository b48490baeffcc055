// Score against a cost: the front named, what is over the bounds grey, what has no cost listed beneath.
function front(points, more) {
  let best = -Infinity;
  for (const point of [...points].sort((a, b) => (more ? b.x - a.x : a.x - b.x) || b.y - a.y)) {
    point.front = point.y > best;
    best = Math.max(best, point.y);
  }
}

function showChart(board) {
  const axis = axisOf(), judged = judgedOf(board), chosen = choose(board).line, pins = pinned(board);
  const scored = board.lines.map((line, i) => ({ line, i, x: axis.of(line), y: judged.score[i], interval: judged.interval[i], inside: inside(line) })).filter(point => point.y !== null);
  const points = scored.filter(point => point.x > 0), without = scored.filter(point => !(point.x > 0));
  front(points, axis.more);
  const floor = Math.min(board.metric === metricOf(board) ? board.floor : 0, Math.max(...points.map(point => point.y)));
  const below = points.filter(point => point.y < floor), drawn = points.filter(point => point.y >= floor);
  const switches = h("div", { class: "chips tools" }, h("span", { class: "muted small" }, "against"),
    Object.entries({ ms: "latency", mb: "size", rss: "memory", rate: "throughput", usd: "price" }).map(([name, title]) =>
      h("button", { type: "button", "aria-pressed": String((AXES[state.x] ? state.x : "ms") === name), onclick: () => change({ x: name }) }, title)));
  const said = h("p", { class: "said", "aria-live": "polite" });
  const title = h("h2", {}, `${judged.label} against ${axis.label()}`);
  const figure = drawn.length ? h("figure", { class: "card" }, drawScatter(board, axis, judged, drawn, chosen, pins, said), legend(drawn), said) : null;
  const unnamed = drawn.filter(point => point.front && !point.named);
  const notes = h("div", { class: "small muted" },
    unnamed.length ? h("p", { dir: "auto" }, `On the front too: ${unnamed.map(point => `${point.line.title} ${score(point.y)}, ${digits(point.x)} ${axis.unit}`).join("; ")}.`) : null,
    below.length ? h("p", { dir: "auto" }, `Below the axis: ${below.map(point => `${point.line.title} ${score(point.y)}`).join("; ")}.`) : null,
    without.length ? fold(`${without.length} models that were not measured here, and so are not drawn`, () => h("p", { dir: "auto" }, without.map(point => `${point.line.title} ${score(point.y)}${point.line.elsewhere ? " (timed in another session)" : ""}`).join("; "))) : null,
    axis === AXES.usd ? h("p", {}, `On ${board.price || "no machine"}: an unchecked list of prices, never idle, at the throughput measured here.`) : null);
  place("chart", title, switches, figure || h("p", {}, "Nothing of this was measured here."), notes);
}

function legend(points) {
  return h("div", { class: "legend" }, Object.keys(DATA.looks).filter(family => points.some(point => point.line.family === family))
    .map(family => h("span", {}, icon(family), look(family)[0])), h("span", {}, "shaded: interval of the best that is drawn; dotted: the front"));
}

function drawScatter(board, axis, judged, points, chosen, pins, said) {
  const width = Math.max(320, Math.min(1240, document.getElementById("chart").clientWidth - 38 || 1100)), narrow = width < 560, height = narrow ? 340 : 420;
  const box = { left: 48, right: width - 12, top: 22, bottom: height - 42 };
  const xs = points.map(point => point.x), ends = points.flatMap(point => point.interval || [point.y]);
  const x = scale(Math.min(...xs) / 1.35, Math.max(...xs) * 1.35, box.left, box.right, true);
  const [low, high] = [Math.min(...ends), Math.max(...ends)], pad = (high - low) * 0.08 || 0.01;
  const y = scale(low - pad, high + pad, box.bottom, box.top);
  const best = points.reduce((a, b) => b.y > a.y ? b : a), most = limit(state.x);
  const steps = points.filter(point => point.front).sort((a, b) => axis.more ? b.x - a.x : a.x - b.x);
  const path = steps.map((point, i) => i ? `H${x(point.x)}V${y(point.y)}` : `M${x(point.x)},${y(point.y)}`).join("") + `H${axis.more ? box.left : box.right}`;
  const grey = bounded() ? point => !point.inside : () => false;
  const group = point => s("g", { class: grey(point) ? "grey" : "", "data-line": point.i, transform: `translate(${x(point.x)},${y(point.y)})`, onclick: () => togglePin(board, point.i) },
    s("title", {}, `${point.line.title}: ${score(point.y)}, ${costs(point.line)}`),
    point.interval ? s("line", { class: "bar", y1: y(point.interval[0]) - y(point.y), y2: y(point.interval[1]) - y(point.y), stroke: look(point.line.family)[1] }) : null,
    marker(point.line.family, { transform: point.front || point.i === chosen ? "scale(1.35)" : null }),
    point.i === chosen ? s("circle", { class: "ring", r: 12 }) : null,
    pins.includes(point.i) ? s("circle", { class: "ring", r: 9, "stroke-dasharray": "3 2" }) : null);
  const names = nameThem(points, point => [x(point.x), y(point.y)], point => point.i === chosen || pins.includes(point.i) ? 0 : point.front && !grey(point) ? 1 : point.front && !narrow ? 2 : 9, box, narrow ? 26 : 45);
  const order = [...points].sort((a, b) => a.x - b.x);
  let at = -1;
  const svg = s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", tabindex: 0,
    "aria-label": `${judged.label} of ${points.length} models against ${axis.label()}; the table below has the same numbers. Arrow keys go through the models, Enter pins one.`,
    onkeydown: event => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) { at = (at + step + order.length) % order.length; said.textContent = `${order[at].line.title}: ${score(order[at].y)}, ${costs(order[at].line)}`; event.preventDefault(); }
      if (event.key === "Enter" && at >= 0) togglePin(board, order[at].i);
    } },
    axes(box, x, y, ticks(Math.min(...xs) / 1.3, Math.max(...xs) * 1.3, true, narrow ? 6 : 14), ticks(low - pad, high + pad, false, 7), `${axis.label()} (log)`, judged.label),
    best.interval ? s("rect", { class: "band", x: box.left, width: box.right - box.left, y: y(best.interval[1]), height: y(best.interval[0]) - y(best.interval[1]) }) : null,
    most !== null && AXES[state.x] && x(most) < box.right ? s("rect", { class: "over", x: Math.max(x(most), box.left), width: box.right - Math.max(x(most), box.left), y: box.top, height: box.bottom - box.top }) : null,
    s("path", { class: "front", d: path }),
    [...points].sort((a, b) => grey(b) - grey(a)).map(group), names);
  svg.addEventListener("pointerover", event => {
    const of = event.target.closest("[data-line]");
    if (of) { const point = points.find(one => one.i === Number(of.dataset.line)); said.textContent = `${point.line.title}: ${score(point.y)}, ${costs(point.line)}`; }
  });
  return svg;
}

// Names where there is room: tried around each point, near first; the front and what was asked for always have theirs.
function nameThem(points, at, rank, box, most) {
  const taken = points.map(point => { const [x, y] = at(point); return [x - 7, y - 7, x + 7, y + 7]; }), placed = [];
  for (const point of points.filter(one => rank(one) < 9).sort((a, b) => rank(a) - rank(b) || b.y - a.y)) {
    const [x, y] = at(point), text = point.line.figure.length > most ? cutName(point.line.figure, most) : point.line.figure, width = text.length * 6.6 + 4;
    let found = null;
    for (const far of [0, 14, 28, 44, 62, 82, 104]) {
      for (const [dx, dy] of [[12, 4 - far], [12, 4 + far], [-12 - width, 4 - far], [-12 - width, 4 + far], [-width / 2, -14 - far], [-width / 2, 22 + far]]) {
        const left = Math.min(Math.max(x + dx, box.left + 2), box.right - width), area = [left, y + dy - 11, left + width, y + dy + 4];
        if (area[1] < box.top - 8 || area[3] > box.bottom) continue;
        if (taken.some(other => area[0] < other[2] && other[0] < area[2] && area[1] < other[3] && other[1] < area[3])) continue;
        found = { area, far };
        break;
      }
      if (found) break;
    }
    if (!found) continue;
    taken.push(found.area);
    point.named = true;
    const [left, top, right] = found.area, baseline = top + 11;
    if (found.far) placed.push(s("line", { class: "leader", x1: x, y1: y, x2: left > x ? left : right < x ? right : x, y2: baseline - 4 }));
    placed.push(s("text", { class: "name", x: left, y: baseline, "data-name": point.i }, text));
  }
  return placed;
}
// At the end of a word.
function cutName(name, most) {
  const kept = name.slice(0, most).replace(/[\s·+(]+\S*$/, "");
  return `${kept || name.slice(0, most - 1)}…`;
}
