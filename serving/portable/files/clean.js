// Texts cleaned as in training: `bench/normalize.py` in JavaScript, with white space and letters as Python counts them.

const ENTITIES = {/* entities */};
const S = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACE = new RegExp(`[${S}]+`, "gu");
const BREAK = new RegExp(`<br[${S}]*/?>`, "giu");
const URL_ = new RegExp(`(?:https?://|www\\.)[^${S}]+`, "giu");
const MENTION = /(?<![\p{L}\p{N}_])@[\p{L}\p{N}_]+/gu;
const ELONGATED = /([^\n])\1{3,}/gu;
const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;
const ESCAPES = /(?:\\u[0-9a-fA-F]{4})+/gu;
const LONE = /\p{Cs}/gu;
const DOUBLE_ENCODED = /[\u00c2-\u00f4][\x80-\xbf]+/gu;
const CONTROL = /[\x80-\x9f]/gu;
const TYPOGRAPHIC = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\0": " "};
const UTF8 = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true});
const CP1252 = "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f"
  + "\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

const strip = text => text.replace(SPACE, " ").replace(/^ | $/g, "");
const bytes = text => Uint8Array.from(text, letter => letter.charCodeAt(0));

function numbered(number) {
  if (number === 0) return "\ufffd";
  if (number >= 0x80 && number <= 0x9f) return CP1252[number - 0x80];
  if ((number >= 0xd800 && number <= 0xdfff) || number > 0x10ffff) return "\ufffd";
  const odd = number < 9 || number === 0xb || (number > 0xd && number < 0x20) || number === 0x7f
    || (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) === 0xfffe;
  return odd ? "" : String.fromCodePoint(number);
}

function reference(whole, name) {
  if (name[0] === "#") return numbered(/[xX]/.test(name[1]) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10));
  if (Object.hasOwn(ENTITIES, name)) return ENTITIES[name];
  for (let end = name.length - 1; end > 1; end--) {
    if (Object.hasOwn(ENTITIES, name.slice(0, end))) return ENTITIES[name.slice(0, end)] + name.slice(end);
  }
  return whole;
}

function fromUtf8(run) {
  try {
    return UTF8.decode(bytes(run));
  } catch {
    return run;
  }
}

function fromEscapes(run) {
  const units = run.match(/[0-9a-fA-F]{4}/g).map(unit => parseInt(unit, 16));
  return String.fromCharCode(...units).replace(LONE, "\ufffd");
}

function fromCp1252(control) {
  const letter = CP1252[control.charCodeAt(0) - 0x80];
  return letter === control ? "" : letter;
}

function plain(text) {
  text = text.replace(BREAK, " ").replace(REFERENCE, reference).replace(URL_, "http").replace(MENTION, "@user");
  return strip(text.replace(ELONGATED, "$1$1$1"));
}

function plain2(text) {
  text = text.replace(ESCAPES, fromEscapes).replace(DOUBLE_ENCODED, fromUtf8).replace(CONTROL, fromCp1252);
  return plain(text.replace(/[\u2018\u2019\u201c\u201d\u2026\0]/gu, letter => TYPOGRAPHIC[letter]));
}

export const CLEAN = {
  "none": text => text,
  "breaks-1": text => strip(text.replace(BREAK, " ")),
  "plain-1": plain,
  "plain-2": plain2,
  "twitter-1": text => text.split(" ").map(
    word => word.startsWith("@") && [...word].length > 1 ? "@user" : word.startsWith("http") ? "http" : word).join(" "),
};
