// What is packed as base64, and the whole under gzip: see bench/report/page/packed.py.
const bytes = text => Uint8Array.from(atob(text), character => character.charCodeAt(0));
const unzipped = text => new Response(new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
const DATA = await unzipped(document.getElementById("data").textContent);
function int16(text) {
  const raw = bytes(text), view = new DataView(raw.buffer);
  return Int16Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true));
}
const known = new Map();
function once(key, build) {
  if (!known.has(key)) known.set(key, build());
  return known.get(key);
}

// The pair of two lines of a board: its difference is always the second less the first.
function pairOf(board, first, second) {
  const pairs = board.pairs, order = pairs.lines || [];
  const [a, b] = [order.indexOf(first), order.indexOf(second)];
  if (a < 0 || b < 0 || a === b) return null;
  const [i, j] = a < b ? [a, b] : [b, a], turn = a < b ? 1 : -1;
  const k = i * (2 * order.length - i - 1) / 2 + (j - i - 1);
  const gaps = once(pairs.difference, () => int16(pairs.difference)), flips = pairs.flips;
  const [value, low, high] = [0, 1, 2].map(n => gaps[3 * k + n] / 10000);
  const [fixed, lost] = [flips[2 * k], flips[2 * k + 1]];
  return {
    value: turn * value, low: turn > 0 ? low : -high, high: turn > 0 ? high : -low,
    corrections: turn > 0 ? fixed : lost, regressions: turn > 0 ? lost : fixed,
    speed: pairs.speeds[pairs.speed[k]], turned: turn < 0,
  };
}

// The texts that some models have right by most seeds and others wrong: ids, labels, and which lines are right.
const bit = (raw, at, start = 0) => (raw[start + (at >> 3)] >> (7 - (at & 7))) & 1;
function contestedOf(board) {
  const { right, n, ids, labels } = board.pairs.contested, all = bytes(right), planes = labels.map(bytes), wide = Math.ceil(n / 8);
  return {
    ids: ids.numbers === undefined ? ids : numbered(ids), labels: Array.from({ length: n }, (_, text) => board.multi ? board.labels.filter((_, k) => bit(planes[k], text)).join(", ") || "no label" : board.labels[planes.reduce((sum, plane, digit) => sum + (bit(plane, text) << digit), 0)]),
    rightIn: line => { const start = board.pairs.lines.indexOf(line) * wide; return text => bit(all, text, start); },
  };
}
function numbered({ stem, width, numbers }) {
  const raw = bytes(numbers), found = [];
  for (let number = 0; number < 8 * raw.length; number++) if (bit(raw, number)) found.push(stem + String(number).padStart(width, "0"));
  return found;
}
// What makes a run, from the texts on: what it was made of comes first.
function commandsOf(id) {
  const [own, parents] = DATA.making[id] || [null, []];
  return [...new Set([...parents.flatMap(commandsOf), ...(own ? [own] : [])])];
}

// Runs are stored by column.
const RUNS = (() => {
  const { same, columns, logs } = DATA.runs;
  const read = (column, row) => column.kinds ? column.kinds[column.of[row]] : column[row];
  const places = new Map(columns.run_id.map((id, row) => [id, row]));
  return {
    ids: columns.run_id, logs, has: id => places.has(id),
    get: id => ({ ...same, ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, read(column, places.get(id))])) }),
    column: name => row => name in same ? same[name] : read(columns[name], row),
  };
})();
