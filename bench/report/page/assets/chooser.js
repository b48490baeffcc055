// What is asked: data set, bounds, what judges, and the usual questions as one button each.
// The fields are left alone while one of them is typed in.
function showChooser(board) {
  const chip = one => h("button", { type: "button", "aria-pressed": String(one === board), onclick: () => change({ d: one.name, pin: "", rows: "", go: "" }, true), dir: "auto" }, one.name);
  const whole = DATA.boards.filter(one => !one.rehearsal), tried = DATA.boards.filter(one => one.rehearsal);
  place("chooser",
    h("div", { class: "chips" }, whole.map(chip), tried.length ? [h("span", { class: "muted small" }, "rehearsals on a few rows:"), tried.map(chip)] : null),
    h("div", { class: "fields tools" },
      number("mb", "at most, MB"), number("ms", `at most, ms a text`), number("rss", "at most, MB memory"),
      options("p", "ms at", { p50: "p50", p95: "p95", p99: "p99" }),
      options("t", "threads", { all: board.threads ? `all ${board.threads} cores` : "all cores", 1: "1" }),
      options("m", "judged by", Object.fromEntries(Object.entries(board.judged).map(([name, one]) => [name === board.metric ? "" : name, one.label + (name === board.metric ? " (its own)" : "")])))),
    h("div", { class: "chips tools", id: "presets" }));
}
function showPresets(board) {
  place("presets", Object.entries(PRESETS).map(([name, [title, help]]) => h("button", { type: "button", title: help, disabled: !(name in judgedOf(board).picks),
    "aria-pressed": String(!bounded() && (state.go || "fastest") === name), onclick: () => change({ go: name, mb: "", ms: "", rss: "" }) }, title)));
}
const PRESETS = {
  accurate: ["most accurate", "the best on validation, whatever it costs"],
  fastest: ["fastest, not shown worse", "the fastest of those that are not shown to be worse than the best on validation, nor more than 0.01 below it"],
  smallest: ["smallest, not shown worse", "the smallest of those that are not shown to be worse than the best on validation, nor more than 0.01 below it"],
  lossless: ["smallest, nothing lost", "the smallest that is shown to lose less than 0.01 to the best on validation"],
};

function number(name, label) {
  return h("label", {}, label, h("input", { type: "number", min: 0, step: "any", name, inputmode: "decimal", value: state[name],
    oninput: event => change({ [name]: event.target.value }, false, true) }));
}
function options(name, label, titles) {
  return h("label", {}, label, h("select", { name, onchange: event => change({ [name]: event.target.value }) },
    Object.entries(titles).map(([value, title]) => h("option", { value, selected: state[name] === value || (name === "m" && state.m === "" && value === "") }, title))));
}
