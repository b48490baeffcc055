"""What a report's page says, by the place where it says it: cells of tables, data of charts, prose."""

from __future__ import annotations

import json
from collections.abc import Collection
from html.parser import HTMLParser
from typing import Any

FLOWING = ("a", "b", "br", "button", "code", "i", "small", "span", "strong", "sub", "sup", "wbr")
"""Tags within a line of text."""
ENDLESS = ("br", "input", "link", "meta", "wbr")
"""Tags that nothing closes."""
Said = dict[str, dict[str, Any]]
"""By section, then by place: `table 1, row 2, accuracy`, `chart 3`, `text 4`."""


def said(page: str, without_data: Collection[str] = ()) -> Said:
    """What the page says, but in the sections `without_data` not what comes of prepared data sets."""
    reader = _Reader(without_data)
    reader.feed(page)
    reader.close()
    return reader.said


class _Reader(HTMLParser):
    def __init__(self, without_data: Collection[str]) -> None:
        super().__init__()
        self.said: Said = {}
        self._without_data = without_data
        self._section = "page"
        self._text: list[str] = []
        self._chart = False
        self._skipped: list[str] = []
        """Open tags of an element that is left out."""
        self._tables: dict[str, int] = {}
        self._columns: list[str] = []
        self._row = self._column = 0
        self._sorted_by: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._skipped or ("data-prepared" in attributes and self._section in self._without_data):
            self._skipped += [tag] if tag not in ENDLESS else []
            return
        if tag not in FLOWING:
            self._end_text()
        if tag == "section":
            self._section = attributes.get("id") or "page"
        elif tag == "table":
            self._tables[self._section] = self._tables.get(self._section, 0) + 1
            self._columns, self._row = [], 0
        elif tag == "tr":
            self._row, self._column = self._row + 1, 0
        elif tag == "td":
            self._sorted_by = attributes.get("data-value")
        elif tag == "script":
            self._chart = attributes.get("type") == "application/json"

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag in self._skipped:
                while self._skipped.pop() != tag:
                    pass
        elif tag in ("td", "th"):
            self._end_cell(tag)
        elif tag == "script":
            self._end_chart()
        elif tag not in FLOWING:
            self._end_text()
            if tag == "section":
                self._section = "page"

    def handle_data(self, data: str) -> None:
        if not self._skipped and (self.cdata_elem is None or self._chart):
            self._text.append(data)

    def _end_cell(self, tag: str) -> None:
        text = self._taken()
        if tag == "th":
            self._columns.append(text)
        column = self._columns[self._column] if self._column < len(self._columns) else f"column {self._column + 1}"
        place = f"table {self._tables.get(self._section, 0)}, row {self._row - 1}, {column}"
        self._column += 1
        self._say(place, text)
        if tag == "td" and self._sorted_by is not None:
            self._say(f"{place} (sorted by)", self._sorted_by)

    def _end_chart(self) -> None:
        content, chart = self._taken(), self._chart
        self._chart = False
        if chart:
            try:
                self._say(self._next("chart"), json.loads(content))
            except ValueError:
                self._say(self._next("chart"), content)

    def _end_text(self) -> None:
        if text := self._taken():
            self._say(self._next("text"), text)

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text = []
        return text

    def _next(self, kind: str) -> str:
        return f"{kind} {sum(place.startswith(kind) for place in self.said.get(self._section, ())) + 1}"

    def _say(self, place: str, what: Any) -> None:
        self.said.setdefault(self._section, {})[place] = what
