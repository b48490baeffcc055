"""Labels as files write them: which of them are one label, spelt in several ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from bench.errors import DataError, did_you_mean

_WHOLE = re.compile(r"([+-]?\d+)\.0+")


def label_form(label: str) -> str:
    """What several spellings of a label have in common: case and blanks do not count, and `1.0` is `1`."""
    plain = " ".join(label.split()).casefold()
    whole = _WHOLE.fullmatch(plain)
    return whole[1] if whole else plain


def spellings(labels: Iterable[str]) -> list[Counter[str]]:
    """The labels that are spelt in more than one way: how often each way, the most frequent first."""
    forms: dict[str, Counter[str]] = {}
    for label, count in Counter(labels).items():
        forms.setdefault(label_form(label), Counter())[label] = count
    return [counts for counts in forms.values() if len(counts) > 1]


def merged(groups: Iterable[Counter[str]]) -> dict[str, str]:
    """Each spelling's common one: a whole number, else the most frequent without the blanks around it."""
    common: dict[str, str] = {}
    for counts in groups:
        best = min(counts, key=lambda label: (-counts[label], label.strip()))
        form = label_form(best)
        name = form if form.lstrip("+-").isdigit() else " ".join(best.split())
        common |= dict.fromkeys(counts, name)
    return common


def known_label(label: str, names: Sequence[str]) -> str | None:
    """The one of `names` that a label stands for: itself, else the only one that it is a spelling of."""
    if label in names:
        return label
    near = [name for name in names if label_form(name) == label_form(label)]
    return near[0] if len(near) == 1 else None


def parts_of(cell: str, separator: str) -> list[str]:
    """The labels of a cell, without the brackets and quotation marks of a list as Python prints it."""
    cell = cell.strip()
    listed = cell.startswith("[") and cell.endswith("]")
    parts = [part.strip() for part in (cell[1:-1] if listed else cell).split(separator)]
    return [part for one in parts if (part := one.strip("'\"") if listed else one)]


def joined_by(labels: Collection[str]) -> str | None:
    """What seems to part several labels in one cell, as `anger|sadness`: what makes fewer labels of these; or None."""
    for mark in "|;,":
        parts = {part.strip() for label in labels for part in label.split(mark)}
        if any(mark in label for label in labels) and len(parts) < len(labels):
            return mark
    return None


def in_order(labels: Collection[str], order: str) -> list[str]:
    """Those labels that `order` names, with commas between, as it has them; spelt otherwise where one alone fits.

    Raises `DataError` where one is not there, or named twice.
    """
    names = sorted(labels)
    found: list[str] = []
    for part in order.split(","):
        name = known_label(part.strip(), names)
        if name is None:
            raise DataError(f"--order {order}: no row has the label '{part.strip()}': {did_you_mean(part, names)}")
        if name in found:
            raise DataError(f"--order {order}: '{name}' is named twice")
        found.append(name)
    return found


def shown(counts: Mapping[str, int], most: int = 8) -> str:
    """Labels with their counts, the first ones in full: `'good' (8), ' Good' (3) and 12 more`."""
    listed = ", ".join(f"{label[:40]!r} ({count:,})" for label, count in list(counts.items())[:most])
    return listed + (f" and {len(counts) - most:,} more" if len(counts) > most else "")
