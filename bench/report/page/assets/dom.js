// Elements. All text goes in as text: no name, label or tweet is ever read as markup.
function make(space, tag, attributes, children) {
  const element = space ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}
const h = (tag, attributes, ...children) => make(false, tag, attributes, children);
const s = (tag, attributes, ...children) => make(true, tag, attributes, children);
const place = (id, ...children) => document.getElementById(id).replaceChildren(...children.flat(Infinity).filter(Boolean));

// Numbers as the leaderboards write them.
const score = value => value === null || value === undefined ? "–" : value.toFixed(3);
const signed = value => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(3);
const range = (low, high) => `${signed(low)} to ${signed(high)}`;
function digits(value) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  const text = value.toPrecision(3);
  return value === 0 ? "0" : text.includes("e") ? String(Number(text)) : text;
}
function count(value) {
  for (const [limit, ending] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (value >= limit) return digits(value / limit) + ending;
  return value === null ? "–" : String(Math.round(value));
}

function copyButton(text, label) {
  const button = h("button", { type: "button", class: "copy", onclick: async () => {
    try { await navigator.clipboard.writeText(text); } catch { copyOld(text); }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  } }, label);
  return button;
}
// Without the clipboard's own interface, as in a file that is opened by some browsers.
function copyOld(text) {
  const area = h("textarea", { "aria-hidden": "true" }, text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// Something that is filled only when it is opened.
function fold(title, fill, open) {
  const inside = h("div");
  const details = h("details", { open, ontoggle: () => { if (details.open && !inside.hasChildNodes()) inside.append(...[fill()].flat(Infinity).filter(Boolean)); } },
    h("summary", { dir: "auto" }, title), inside);
  return details;
}

// A table that is wider than the screen scrolls by itself, by keyboard too; no two regions have one name.
let regions = 0;
const scrolling = (label, ...children) => h("div", { class: "box", tabindex: 0, role: "region", "aria-label": `${label} (${++regions})` }, children);

// The marker of a family: one shape and colour each, for ever.
const SHAPES = {
  o: "M0,-5A5,5 0 1,1 0,5A5,5 0 1,1 0,-5Z", s: "M-4.5,-4.5H4.5V4.5H-4.5Z", D: "M0,-6L6,0L0,6L-6,0Z",
  "^": "M0,-6L6,5H-6Z", v: "M0,6L6,-5H-6Z", p: "M0,-6L5.7,-1.9L3.5,4.9H-3.5L-5.7,-1.9Z",
  X: "M-5,-3L-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0Z", P: "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
};
const look = family => DATA.looks[family] || DATA.looks.other;
const marker = (family, attributes) => s("path", { d: SHAPES[look(family)[2]], fill: look(family)[1], ...attributes });
const icon = family => s("svg", { class: "icon", width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": "true" }, marker(family));
