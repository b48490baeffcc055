// What is inside the bounds, what is chosen of it on validation, and how sure that is. No statistic is computed here:
// scores, intervals, tests and draws come with the page; the bounds only select among them.
const AXES = {
  ms: { label: () => `${state.p} ms for one text, ${state.t === "1" ? "one thread" : "all cores"}`, unit: "ms", of: line => timeOf(line, { p50: 0, p95: 1, p99: 2 }[state.p] || 0) },
  mb: { label: () => "megabytes on disk", unit: "MB", of: line => line.mb },
  rss: { label: () => "megabytes of memory", unit: "MB", of: line => line.rss },
  rate: { label: () => "texts a second in batches of 32", unit: "texts/s", of: line => timeOf(line, 3), more: true },
  usd: { label: () => "USD a million texts, an estimate", unit: "USD", of: line => line.usd },
};
const axisOf = () => AXES[state.x] || AXES.ms;
function timeOf(line, place) {
  const times = state.t === "1" ? line.one : line.all;
  return times ? times[place] : null;
}
const BOUNDS = ["mb", "ms", "rss"];
function brokenBounds(line) {
  return BOUNDS.map(name => [name, limit(name), AXES[name].of(line)])
    .filter(([, most, value]) => most !== null && (value === null || value > most));
}
const inside = line => line.status === "ok" && brokenBounds(line).length === 0;
const bounded = () => BOUNDS.some(name => limit(name) !== null);

function choose(board) {
  const judged = judgedOf(board), lines = board.lines, kept = lines.map((line, i) => i).filter(i => inside(lines[i]));
  const preset = judged.picks[state.go || "fastest"];
  if (!bounded() && preset !== undefined) return { line: preset, kept, why: REASONS[state.go] || judged.why };
  const scored = kept.filter(i => judged.validation[i] !== null)
    .sort((a, b) => judged.validation[b] - judged.validation[a] || (lines[a].title < lines[b].title ? -1 : 1));
  if (!scored.length) return { line: null, kept };
  const instead = (judged.instead[scored[0]] || []).find(i => scored.includes(i));
  const all = lines.filter(line => line.status === "ok").length;
  const why = kept.length === 1 ? `the only one of ${all} models that keeps to the bounds` : `the best on validation of the ${kept.length} models, of ${all}, that keep to the bounds`;
  return { line: instead ?? scored[0], kept, why };
}
const REASONS = {
  accurate: "the best on validation",
  smallest: "the smallest of those that are not shown to be worse than the best on validation, nor more than 0.01 below it",
  lossless: "the smallest that is shown to lose less than 0.01 to the best on validation",
};

// In which share of the draws of other texts and seeds it is the best of those inside.
function chance(board, chosen, kept) {
  const { lines, scores } = judgedOf(board).draws;
  const own = lines.indexOf(chosen), rivals = lines.map((line, n) => n).filter(n => kept.includes(lines[n]));
  if (!scores || own < 0 || rivals.length < 2) return null;
  const drawn = once(scores, () => int16(scores)), draws = drawn.length / lines.length;
  let best = 0;
  for (let draw = 0; draw < draws; draw++) {
    const at = n => drawn[draw * lines.length + n], top = Math.max(...rivals.map(at));
    if (at(own) === top) best += 1 / rivals.filter(n => at(n) === top).length;
  }
  return best / draws;
}

function costs(line) {
  return [[AXES.ms, line.marks], [AXES.mb, ""], [AXES.rss, " memory"]].map(([axis, mark]) => axis.of(line) === null ? "" : `${digits(axis.of(line))} ${axis.unit}${mark}`).filter(Boolean).join(" · ");
}
function against(board, i) {
  const judged = judgedOf(board), gap = judged.behind[i], best = judged.score.indexOf(Math.max(...judged.score.filter(value => value !== null)));
  if (best === i) return "On test it is the highest of all.";
  if (!gap) return "On test it cannot be compared: its predictions are not stored.";
  const verdict = judged.tied[i] ? "not shown to be worse than" : "shown to be worse than";
  const cost = costs(board.lines[best]);
  return `On test ${verdict} the highest, ${board.lines[best].title}${cost ? ` (${cost})` : ""}: ${signed(gap[0])} (${range(gap[1], gap[2])}).`;
}

function showAnswer(board) {
  const found = choose(board), judged = judgedOf(board);
  if (found.line === null) return place("answer", noAnswer(board, found));
  const line = board.lines[found.line], interval = judged.interval[found.line], sure = chance(board, found.line, found.kept);
  const serve = `python -m serving http ${line.serves}`;
  place("answer", h("div", { class: "card" },
    h("h2", { dir: "auto" }, icon(line.family), " ", line.title),
    h("p", {}, h("b", {}, `${judged.label} ${score(judged.score[found.line])}`), interval ? ` (${score(interval[0])} to ${score(interval[1])})` : "",
      costs(line) ? ` · ${costs(line)}` : "", ` · ${found.why}${line.standin ? ` (${line.standin})` : ""}.`),
    h("p", { class: "muted" }, against(board, found.line), sure === null ? "" : ` Chance to be the best of the ${found.kept.length} ${bounded() ? "inside the bounds" : "on the board"}: ${sure.toFixed(2)} (other texts and seeds, ${DRAWS} draws).`),
    ...board.caveats.concat(board.facts.filter(fact => /×/.test(fact))).map(text => h("span", { class: "note" }, text)),
    h("div", { class: "command" }, h("code", {}, serve), copyButton(serve, "copy"), copyButton(location.href, "copy this view"))));
}
const DRAWS = 200;

function noAnswer(board, found) {
  const ok = board.lines.filter(line => line.status === "ok");
  if (!ok.length) return h("div", { class: "card none" }, h("h2", {}, "No model has scores here"), h("p", {}, "The table says why."));
  if (found.kept.length) return h("div", { class: "card none" }, h("h2", {}, "Nothing can be chosen"),
    h("p", {}, `${found.kept.length} ${found.kept.length === 1 ? "model keeps" : "models keep"} to the bounds, but no validation predictions are stored, and nothing is chosen on test.`));
  const excess = line => Math.max(...brokenBounds(line).map(([, most, value]) => value / most));
  const near = ok.filter(line => brokenBounds(line).every(([, , value]) => value !== null)).sort((a, b) => Boolean(a.standin) - Boolean(b.standin) || excess(a) - excess(b)).slice(0, 3);
  const unmeasured = ok.filter(line => brokenBounds(line).some(([, , value]) => value === null)).length;
  return h("div", { class: "card none" }, h("h2", {}, "No model keeps to these bounds"),
    h("ul", {}, near.map(line => h("li", { dir: "auto" }, `${line.title}: `, brokenBounds(line).map(([name, , value]) => `${digits(value)} ${AXES[name].unit}`).join(", ")))),
    unmeasured ? h("p", { class: "muted" }, `${unmeasured} models were not measured.`) : null);
}
