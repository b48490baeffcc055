// Scales and their ticks, for all charts.
function scale(low, high, from, to, log) {
  const f = log ? Math.log10 : value => value, a = f(low), b = f(high) === f(low) ? f(low) + 1 : f(high);
  return value => from + (f(value) - a) / (b - a) * (to - from);
}
function ticks(low, high, log, most) {
  if (!log) {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough || 1)), step = [1, 2, 5, 10].find(n => n * power >= rough) * power;
    const found = [];
    for (let n = Math.ceil(low / step); n * step <= high * (1 + 1e-9); n++) found.push(Number((n * step).toPrecision(12)));
    return found;
  }
  for (const within of [[1, 2, 5], [1, 3], [1]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const n of within) if (n * 10 ** power >= low && n * 10 ** power <= high) found.push(Number((n * 10 ** power).toPrecision(6)));
    if (found.length <= most || within.length === 1) return found.length > most ? found.filter((_, i) => i % Math.ceil(found.length / most) === 0) : found;
  }
}
const short = value => Math.abs(value) >= 1e4 ? count(value) : String(Number(value.toPrecision(4)));

// Both axes with their grid; `box` has left, right, top, bottom in pixels.
function axes(box, x, y, xTicks, yTicks, xLabel, yLabel) {
  return [
    ...xTicks.flatMap(value => [s("line", { class: "grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }),
      s("text", { class: "tick", x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, short(value))]),
    ...yTicks.flatMap(value => [s("line", { class: "grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
      s("text", { class: "tick", x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, short(value))]),
    s("text", { class: "tick", x: (box.left + box.right) / 2, y: box.bottom + 34, "text-anchor": "middle" }, xLabel),
    s("text", { class: "tick", x: box.left + 2, y: box.top - 8 }, yLabel),
  ];
}
