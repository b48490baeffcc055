"""Which encoding a text file is in: what its first bytes say, UTF-8 where it is that, Windows' Western one at most."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from bench.errors import DataError

UTF8 = "utf-8-sig"
"""UTF-8, with a byte order mark or without."""
WESTERN = "cp1252"
"""Windows-1252, which holds all letters of latin-1."""
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32", codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: UTF8,
}  # fmt: skip
"""The longer ones first: the mark of UTF-16 begins that of UTF-32."""
_SAMPLE = 2000
"""Lines that are not UTF-8, looked at."""
_FOREIGN_RUN = re.compile(r"[^\W\d_a-zA-Z]{3,}")
"""Three letters that are not ASCII in a row: hardly a language of the West."""
_FOREIGN_SIGN = re.compile(r"[a-zA-Z][¡-¹»-¿×÷\x80-\x9f]+[a-zA-Z]")
"""A sign within a word: a letter of another alphabet."""
_LETTER = re.compile(r"[^\W\d_a-zA-Z]")
_WITHIN = re.compile(r"[a-zA-Z][^\W\d_a-zA-Z]|[^\W\d_a-zA-Z][a-zA-Z]")
"""A letter that is not ASCII in a word with some that are, as in café: without any, nothing speaks for the West."""


def find_encoding(stream: BinaryIO, where: str) -> str:
    """The encoding of a stream, which is read to its end; one that cannot be told is an error with the option."""
    sample: list[bytes] = []
    first, wide = "", False
    for number, line in enumerate(stream, start=1):
        marked = next((name for mark, name in _MARKS.items() if line.startswith(mark)), None) if number == 1 else None
        if marked:
            return marked
        try:
            wide = len(line.decode("utf-8")) < len(line) or wide
        except UnicodeDecodeError as error:
            first = first or f"line {number}: byte 0x{line[error.start]:02x} is not UTF-8"
            sample.append(line)
            if len(sample) == _SAMPLE:
                break
    if not sample:
        return UTF8
    if not wide and _is_western(sample):
        return WESTERN
    why = "where other lines are" if wide else "and looks like no Western text"
    raise DataError(
        f"{where} {first}, {why}: name its encoding with --encoding (cp1251, cp1250, shift_jis, gb18030, …), "
        "or save the file as UTF-8"
    )


def known_encoding(name: str) -> str:
    """An encoding by any of its names, as Python calls it; an unknown one is an error."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise DataError(f"--encoding {name}: no such encoding; utf-8, cp1252, utf-16, shift_jis, … are") from None
    return UTF8 if found == "utf-8" else found


def _is_western(sample: list[bytes]) -> bool:
    try:
        text = b"".join(sample).decode(WESTERN)
    except UnicodeDecodeError:
        return False
    letters = len(_LETTER.findall(text))
    foreign = sum(map(len, _FOREIGN_RUN.findall(text))) + len(_FOREIGN_SIGN.findall(text))
    return bool(_WITHIN.search(text) or not letters) and foreign * 20 <= letters
