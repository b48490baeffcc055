// One line a model; more on demand.
const FIRST_ROWS = 60;
// Characters of a name that stay on one line where the screen is wide.
const WHOLE = 64;
function columnsOf(board) {
  const judged = judgedOf(board), time = place => line => timeOf(line, place);
  const always = [
    ["model", "", (line, i) => line.title.toLowerCase(), null],
    [judged.label, "mean over seeds ± their standard deviation; green: not shown to be worse than the highest", (line, i) => judged.score[i], (line, i) => [score(judged.score[i]), line.spread !== null && judged === board.judged[board.metric] ? h("span", { class: "wide" }, ` ±${line.spread.toFixed(3)}`) : null], "score"],
    ["95 % interval", "over texts and seeds; † of one seed, widened by other models' spread; ‡ over the texts alone", (line, i) => judged.interval[i] && judged.interval[i][0], (line, i) => judged.interval[i] ? `${score(judged.interval[i][0])}–${score(judged.interval[i][1])}${{ own: "", borrowed: "†", none: "‡" }[judged.seeds[i]]}` : "", "wide"],
    ["to the best", "on the same texts; the intervals of all pairs hold together in 95 %", (line, i) => judged.behind[i] && judged.behind[i][0], (line, i) => judged.behind[i] ? `${signed(judged.behind[i][0])} (${range(judged.behind[i][1], judged.behind[i][2])})` : "", "wide"],
    ["ms", `${state.p} of one text, tokenization included; ~ rounds not steady, ! beside other load, × timed elsewhere`, time({ p50: 0, p95: 1, p99: 2 }[state.p] || 0), (line, i, value) => (value === null ? "" : digits(value)) + line.marks],
    ["MB", "artifact on disk, 10⁶ bytes", line => line.mb, (line, i, value) => value === null ? "" : digits(value)],
    ["texts/s", "in batches of 32", time(3), (line, i, value) => value === null ? "" : digits(value), "wide"],
  ];
  const plain = (title, help, of, write = digits) => [title, help, of, (line, i, value) => value === null || value === undefined ? "" : write(value)];
  const more = [
    plain("seeds", "", line => line.seeds.length, (value) => String(value)), plain("memory MB", "peak resident memory", line => line.rss),
    plain("parameters", "", line => line.parameters, count), plain("p95 ms", "", time(1)), plain("p99 ms", "from 1,000 calls on", time(2)),
    plain("log loss", "lower is better", line => line.log_loss, score), plain("ECE", "expected calibration error", line => line.ece, score),
    ...(board.lines.some(line => line.mae !== null) ? [plain("MAE", "in steps of the labels' scale", line => line.mae, score), plain("κ²", "quadratic kappa", line => line.kappa, score)] : []),
    ...(board.multi ? [plain("micro-F1", "F1 of all decisions on all labels together", line => line.micro, score), plain("Hamming", "share of these decisions that are wrong", line => line.hamming, score)] : []),
    plain("validation", "the score that is chosen by", line => judged.validation[board.lines.indexOf(line)], score),
    plain("train ex/s", "", line => line.train), plain("USD/M", "an estimate by an unchecked list", line => line.usd), ["runtime", "", line => line.runtime, line => line.runtime, "text"],
  ];
  return state.more ? [...always, ...more] : always;
}
const LOW_FIRST = new Set(["model", "ms", "MB", "memory MB", "parameters", "p95 ms", "p99 ms", "log loss", "ECE", "MAE", "Hamming", "USD/M", "runtime"]);

function shownLines(board) {
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean), families = state.f.split(",").filter(Boolean), judged = judgedOf(board);
  return board.lines.map((line, i) => i).filter(i => {
    const line = board.lines[i], text = `${line.title} ${line.name} ${line.lineage} ${line.runtime}`.toLowerCase();
    return words.every(word => text.includes(word)) && (!families.length || families.includes(line.family)) && (!state.ties || judged.tied[i]);
  });
}

function sorted(board, shown, columns) {
  const [title, way] = state.sort.split("~"), column = columns.find(one => one[0] === title), judged = judgedOf(board), ok = i => board.lines[i].status === "ok";
  const value = column ? i => column[2](board.lines[i], i) : i => judged.score[i], rising = column ? way === "up" : false;
  return [...shown].sort((a, b) => {
    const [x, y] = [value(a), value(b)], none = one => one === null || one === undefined;
    if (ok(a) !== ok(b)) return ok(b) - ok(a);
    if (none(x) || none(y)) return none(x) - none(y);
    return (x < y ? -1 : x > y ? 1 : 0) * (rising ? 1 : -1);
  });
}

function showTable(board) {
  const columns = columnsOf(board), order = sorted(board, shownLines(board), columns), most = state.rows ? order.length : FIRST_ROWS, focus = document.activeElement && document.activeElement.name;
  const families = Object.keys(DATA.looks).filter(family => board.lines.some(line => line.family === family));
  const picked = state.f.split(",").filter(Boolean), toggle = family => picked.includes(family) ? picked.filter(one => one !== family) : [...picked, family];
  place("models", h("h2", {}, `${order.length === board.lines.length ? "" : `${order.length} of `}${board.lines.length} models on `, h("span", { dir: "auto" }, board.name)),
    board.notes.map(note => h("span", { class: "note", dir: "auto" }, note)),
    h("div", { class: "fields tools" }, h("label", {}, "find", h("input", { type: "search", name: "q", value: state.q, placeholder: "int8, LSTM, distilled", oninput: event => change({ q: event.target.value }) })),
      check("ties", "not shown worse than the best alone"), check("more", "more columns"), h("button", { type: "button", onclick: () => saveCsv(board, columns, order) }, "CSV of these")),
    h("div", { class: "chips tools" }, families.map(family => h("button", { type: "button", "aria-pressed": String(picked.includes(family)), onclick: () => change({ f: toggle(family).join(",") }) }, icon(family), " ", look(family)[0]))),
    h("p", { class: "small muted" }, board.facts.map(fact => fact[0].toUpperCase() + fact.slice(1)).join(". ") + (board.facts.length ? ". " : "") + "Green scores are not shown to be worse than the best. Press a name for how it is made."),
    scrolling("Table of models", h("table", {},
      h("thead", {}, h("tr", {}, columns.map(column => heading(column)))),
      h("tbody", {}, order.slice(0, most).map(i => row(board, columns, i))))),
    order.length > most ? h("button", { type: "button", class: "tools", onclick: () => change({ rows: "all" }) }, `show all ${order.length}`) : null);
  if (focus === "q") { const field = document.getElementsByName("q")[0]; field.focus(); field.setSelectionRange(field.value.length, field.value.length); }
}
const check = (name, label) => h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: Boolean(state[name]), onchange: event => change({ [name]: event.target.checked ? "1" : "" }) }), label);

function heading([title, help, , , kind]) {
  const [now, way] = state.sort.split("~"), up = now === title ? way !== "up" : LOW_FIRST.has(title);
  return h("th", { scope: "col", class: kind || "", "aria-sort": now === title ? (way === "up" ? "ascending" : "descending") : null },
    h("button", { type: "button", class: "plain", title: help, onclick: () => change({ sort: `${title}~${up ? "up" : "down"}` }) }, title));
}

function row(board, columns, i) {
  const line = board.lines[i], judged = judgedOf(board), chosen = choose(board).line === i, pins = pinned(board), failed = line.status !== "ok";
  const name = h("button", { type: "button", class: [...line.title].length <= WHOLE ? "plain whole" : "plain", "aria-expanded": "false", dir: "auto", onclick: () => unfold(board, i, tr, name, columns.length) }, line.title);
  const pin = failed ? null : h("button", { type: "button", class: "pin", "aria-pressed": String(pins.includes(i)), "aria-label": `compare ${line.title}`, title: "pin two to compare them", onclick: () => togglePin(board, i) }, pins.includes(i) ? "pinned" : "pin");
  const first = h("td", {}, h("div", { class: "model" }, icon(line.family), name, pin));
  const tr = h("tr", { class: [chosen ? "chosen" : "", judged.tied[i] ? "tie" : "", failed ? "failed" : "", bounded() && !inside(line) ? "over" : ""].join(" ").trim(), "data-line": line.id }, first,
    failed ? h("td", { class: "text", colspan: columns.length - 1, dir: "auto" }, `${line.status.replace("_", " ")}: ${line.reason}`)
      : columns.slice(1).map(column => h("td", { class: column[4] || "" }, column[3](line, i, column[2](line, i)))));
  return tr;
}

function unfold(board, i, tr, name, width) {
  const open = name.getAttribute("aria-expanded") === "true";
  name.setAttribute("aria-expanded", String(!open));
  if (open) return tr.nextSibling.remove();
  tr.after(h("tr", {}, h("td", { class: "detail", colspan: width }, detail(board, i))));
}

function detail(board, i) {
  const line = board.lines[i], made = commandsOf(line.runs[0]).join("\n");
  return h("div", { class: "two" },
    h("div", {}, h("h3", {}, "How it is made"), h("p", { class: "mono", dir: "auto" }, line.lineage), h("pre", { dir: "auto" }, made), copyButton(made, "copy the commands"),
      h("p", {}, "Runs: ", line.runs.map((id, n) => [n ? ", " : "", h("a", { href: address({ run: id }) }, id)]).flat()),
      line.reason ? h("p", { class: "bad", dir: "auto" }, line.reason) : null),
    h("div", {}, line.f1 ? [h("h3", {}, "F1 of each label"), dots(board, [i])] : null, line.confusion ? [h("h3", {}, "Confusions"), confusion(board, line.confusion)] : null));
}

function saveCsv(board, columns, order) {
  const cell = value => { const text = String(value ?? ""); return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text; };
  const lines = [columns.map(column => cell(column[0])), ...order.map(i => columns.map((column, n) => cell(n ? column[2](board.lines[i], i) : board.lines[i].title)))];
  const link = h("a", { href: URL.createObjectURL(new Blob([lines.map(one => one.join(",")).join("\n") + "\n"], { type: "text/csv" })), download: `${board.name}.csv` });
  link.click();
}
