// The whole state stands in the address, so that a view can be sent, kept and gone back to.
const DEFAULTS = { d: "", mb: "", ms: "", rss: "", p: "p50", t: "all", m: "", go: "", x: "ms", q: "", f: "", ties: "", sort: "", pin: "", more: "", rows: "", run: "" };
let state = { ...DEFAULTS };

function readState() {
  const given = new URLSearchParams(location.hash.slice(1));
  state = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) if (given.has(name)) state[name] = given.get(name);
}
function address(changes) {
  const next = { ...state, ...changes }, kept = new URLSearchParams();
  for (const [name, value] of Object.entries(next)) if (value !== DEFAULTS[name]) kept.set(name, value);
  return "#" + kept;
}
// A step that can be gone back from is pushed; what is typed is not.
function change(changes, push, typed) {
  history[push ? "pushState" : "replaceState"](null, "", address(changes));
  readState();
  show(typed);
}

const ordered = () => [...DATA.boards.filter(board => !board.rehearsal), ...DATA.boards.filter(board => board.rehearsal)];
const theBoard = () => DATA.boards.find(board => board.name === state.d) || largest();
// Where none is named, the board with most to choose from.
const largest = () => ordered().reduce((best, board) => board.rehearsal === best.rehearsal && board.lines.length > best.lines.length ? board : best);
const metricOf = board => board.judged[state.m] ? state.m : board.metric;
const judgedOf = board => board.judged[metricOf(board)];
const pinned = board => state.pin.split(",").map(id => board.lines.findIndex(line => line.id === id)).filter(i => i >= 0).slice(0, 2);
function togglePin(board, i) {
  const now = pinned(board), kept = now.includes(i) ? now.filter(other => other !== i) : [...now, i].slice(-2);
  change({ pin: kept.map(other => board.lines[other].id).join(",") });
}
const limit = name => state[name] === "" || !(Number(state[name]) > 0) ? null : Number(state[name]);
