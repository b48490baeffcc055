// One run with every field, and what it was made of.
function showRun(id) {
  const run = RUNS.get(id), link = other => RUNS.has(other) ? h("a", { href: address({ run: other }) }, other) : other;
  const parents = [run.parent_run_id, run.teacher_run_id, ...(run.member_run_ids || "").split(" ")].filter(Boolean), parentOf = RUNS.column("parent_run_id");
  const children = RUNS.ids.filter((_, row) => parentOf(row) === id), board = DATA.boards.find(one => one.lines.some(line => line.runs.includes(id))), line = board && board.lines.find(one => one.runs.includes(id));
  document.title = `${id}: Sentibench`;
  place("run", h("p", {}, h("a", { href: address({ run: "" }) }, "← all models")), h("h2", { class: "mono" }, id),
    line ? h("p", { dir: "auto" }, icon(line.family), ` ${line.title} on ${board.name}`) : null,
    parents.length ? h("p", {}, "Made of: ", parents.flatMap((other, n) => [n ? ", " : "", link(other)])) : null,
    children.length ? h("p", {}, "Made of it: ", children.flatMap((other, n) => [n ? ", " : "", link(other)])) : null,
    line ? [h("h3", {}, "How its model is made"), h("pre", { dir: "auto" }, commandsOf(line.runs[0]).join("\n")), copyButton(commandsOf(line.runs[0]).join("\n"), "copy the commands")] : null,
    h("h3", {}, "Every field"), h("dl", { class: "facts" }, Object.entries(run).filter(([, value]) => value !== null && value !== "").flatMap(([name, value]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", { dir: "auto" }, String(value))])),
    RUNS.logs[id] ? [h("h3", {}, "The end of its log"), h("pre", { dir: "auto" }, RUNS.logs[id])] : run.status === "ok" ? null : h("p", { class: "muted" }, "No log of it is stored."),
    h("p", { class: "muted small" }, `All digits stand in results.csv, predictions and raw samples in results/${id}/.`));
}

function listRuns() {
  const columns = ["run_id", "board", "status", "seed", "accuracy", "started_at", "status_reason"].map(name => [name, RUNS.column(name)]);
  return scrolling("All runs", h("table", { class: "small" }, h("thead", {}, h("tr", {}, columns.map(([name]) => h("th", { scope: "col" }, name.replaceAll("_", " "))))),
    h("tbody", {}, RUNS.ids.map((id, row) => h("tr", { class: RUNS.column("status")(row) === "ok" ? "" : "failed" }, columns.map(([name, of], n) => n ? h("td", { class: name === "seed" || name === "accuracy" ? "" : "text", dir: "auto" }, of(row) ?? "") : h("td", {}, h("a", { href: address({ run: id }) }, id))))))));
}
