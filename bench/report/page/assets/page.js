// What is drawn anew keeps the focus: on what has the same name in the same section.
const called = element => element.getAttribute("aria-label") || element.name || element.textContent;
function show(typed) {
  const focused = document.activeElement, section = focused.closest("section"), name = called(focused);
  draw(typed);
  if (section && !focused.isConnected) [...section.querySelectorAll(focused.tagName)].find(other => called(other) === name)?.focus({ preventScroll: true });
}

// The page as its address says.
function draw(typed) {
  const run = RUNS.has(state.run) ? state.run : "";
  document.getElementById("run").hidden = !run;
  document.getElementById("all").hidden = Boolean(run);
  if (run) { showRun(run); return scrollTo(0, 0); }
  document.title = "Sentibench: which model should I ship?";
  const board = theBoard();
  if (!board) return place("answer", h("p", {}, "No results."));
  if (!typed) showChooser(board);
  showPresets(board);
  showAnswer(board);
  showChart(board);
  showCompare(board);
  showTable(board);
  showBelow(board);
}

// Below the table little depends on what was asked: it is built again for another data set alone.
let below = null;
function showBelow(board) {
  if (below === board) return;
  below = board;
  const cost = DATA.techniques.rows.length ? [h("h2", {}, "What compression costs, over all data sets"), h("p", { class: "muted small" }, "Each child against its parent: by the data set's metric, paired on the same texts."), table({ ...DATA.techniques, title: "" }),
    ...board.families.map(family => fold(family.title, () => [family.note ? h("p", { class: "muted small", dir: "auto" }, family.note) : null, table({ ...family, title: "" })]))] : [];
  place("compression", ...cost);
  place("evidence", h("h2", {}, "Evidence"), board.folds.map(showFold), DATA.folds.map(showFold), fold(`All ${RUNS.ids.length} runs`, listRuns), DATA.foreign ? h("p", { class: "muted" }, DATA.foreign) : null);
}

document.getElementById("about").append(` ${RUNS.ids.length} runs, ${DATA.boards.filter(board => !board.rehearsal).length} data sets${DATA.superseded ? `; ${DATA.superseded} older runs superseded` : ""}.`);
addEventListener("hashchange", () => { readState(); show(); });
addEventListener("popstate", () => { readState(); show(); });
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; if (!state.run && theBoard()) showChart(theBoard()); } });
let before = null;
addEventListener("beforeprint", () => { before = state.rows; state.rows = "all"; if (!state.run && theBoard()) showTable(theBoard()); });
addEventListener("afterprint", () => { state.rows = before; if (!state.run && theBoard()) showTable(theBoard()); });
readState();
show();
