"""A data set as the page shows it: as published, and as the runs used it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bench.report.page.evidence import Block, Fold, chart, fold, series, table

if TYPE_CHECKING:
    from bench.data.describe import Description, SplitFacts
    from bench.report.dataset_page import DatasetPage

COLUMNS = [
    ["split as published", ""], ["rows", ""], ["left out", "Rows with a label that is left out"],
    ["copies", "Rows minus distinct texts: exact / normalized"],
    ["conflicts", "Texts under more than one label: exact / normalized"],
    ["characters", "Median, and 5 % to 95 %"], ["words", "Median, and 5 % to 95 %"],
]  # fmt: skip


def dataset(page: DatasetPage | None) -> list[Fold]:
    """None where it is not prepared here."""
    if page is None:
        return []
    of = page.description
    about = f"{of.title}, revision {of.revision}. {of.source}"
    licence = f" Licence: {of.licence}." if of.licence else ""
    cited = f" {of.citation}" if of.citation and of.citation != "none" else ""
    blocks = [
        table(COLUMNS, [_split(split) for split in of.splits]),
        *_leaks(of),
        _used(page),
        _labels(of),
        _lengths(of),
    ]
    return fold("The data set", about + licence + cited, blocks, prepared=True)


def _split(split: SplitFacts) -> list[str]:
    lengths = [split.lengths.characters, split.lengths.words]
    return [
        split.name, f"{split.rows:,}", f"{split.left_out:,}",
        f"{split.duplicate_rows:,} / {split.duplicate_rows_normalized:,}",
        f"{split.conflicting_texts:,} / {split.conflicting_texts_normalized:,}",
        *(f"{of[3]:,.0f} ({of[1]:,.0f}–{of[5]:,.0f})" for of in lengths),
    ]  # fmt: skip


def _leaks(of: Description) -> list[Block]:
    if not of.leaks:
        return []
    found = [
        f"{leak.exact:,} rows of {leak.later} also stand in {leak.earlier} ({leak.normalized:,} normalized, "
        f"{leak.normalized_other_label:,} of these with another label)"
        for leak in of.leaks
        if leak.normalized
    ]
    return [{"kind": "note", "text": f"Leaks: {'; '.join(found) or 'none between the splits'}."}]


def _used(page: DatasetPage) -> Block:
    used = page.used
    dropped = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(used.counts.items()) if n)
    text = (
        f"The runs used {used.n_train:,} texts to train, {used.n_validation:,} to validate ({used.validation_source}) "
        f"and {used.n_test:,} to test; on the way there: {dropped or 'nothing was dropped'}."
    )
    return {"kind": "note", "text": text}


def _labels(of: Description) -> Block:
    columns = [["label", ""], *([split.name, "Rows, and their share"] for split in of.splits)]
    rows = [
        [name, *(f"{split.labels[name]:,} ({100 * split.labels[name] / split.rows:.1f} %)" for split in of.splits)]
        for name in of.label_names
    ]
    return table(columns, rows, "Labels")


def _lengths(of: Description) -> Block:
    edges = of.length_edges
    middles = [(low * high) ** 0.5 for low, high in pairwise(edges)]
    lines = [
        series(split.name, middles, [n / max(split.rows, 1) for n in split.lengths.histogram], dash=i % 4)
        for i, split in enumerate(of.splits)
    ]
    return chart("Lengths of texts", "characters", "share of texts", lines, log=True)
