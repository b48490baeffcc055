"""Slices by date and place, of data that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

from bench.data.context import Written
from bench.slices.definitions import Members

PERIODS = 4
"""Of about as many texts each; a day is in one period."""
PLACES = 10
"""The most frequent; the rest is too small to say anything."""


def by_context(found: Written) -> Members:
    """Texts of each period, of each of the most frequent places, and of no place."""
    return {**(_by_date(found.dates) if found.dates else {}), **(_by_place(found.places) if found.places else {})}


def _by_date(dates: Sequence[date | None]) -> Members:
    known = sorted(day for day in dates if day)
    if not known:
        return {}
    cuts = [known[len(known) * i // PERIODS] for i in range(1, PERIODS)]
    period = np.array([-1 if day is None else sum(day >= cut for cut in cuts) for day in dates])
    found = {}
    for number in np.unique(period[period >= 0]):
        days = [day for day, at in zip(dates, period, strict=True) if day and at == number]
        found[f"from {min(days)} to {max(days)}"] = period == number
    return found


def _by_place(places: Sequence[str]) -> Members:
    """As the file writes them, but for case."""
    folded = np.array([place.casefold() for place in places])
    frequent = [place for place, _ in Counter(folded[folded != ""].tolist()).most_common(PLACES)]
    shown = dict(zip(folded.tolist(), places, strict=True))
    return {f"place {shown[place]}": folded == place for place in frequent} | {"no place given": folded == ""}
