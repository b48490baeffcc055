"""What a report's page says: its data by leaderboard, and the code that shows them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from bench.report.page.packed import unzipped

START, END = '<script type="application/gzip" id="data">', "</script>"
Said = dict[str, Any]
"""By section."""


def said(page: str, without_data: Collection[str] = ()) -> Said:
    """What the page says, but of the leaderboards `without_data` not what comes of prepared data sets."""
    before, start, rest = page.partition(START)
    text, end, after = rest.partition(END)
    code = {"code": hashlib.sha256(f"{before}{start}{end}{after}".encode()).hexdigest()}
    try:
        document = unzipped(text)
        boards = {f"boards.{board['name']}": _of_results(board, without_data) for board in document.pop("boards")}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return code | {"page": f"its data cannot be read: {error}"}
    return code | boards | {"page": document}


def _of_results(board: dict[str, Any], without_data: Collection[str]) -> dict[str, Any]:
    """A leaderboard; without what the data set alone tells, where that is not to be compared."""
    if board["name"] not in without_data:
        return board
    folds = [fold for fold in board["folds"] if not fold["prepared"]]
    pairs = board["pairs"]
    if "contested" in pairs:
        pairs = {**pairs, "contested": {**pairs["contested"], "texts": None, "remark": None}}
    return {**board, "folds": folds, "pairs": pairs}
