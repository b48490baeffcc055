"""What is in a data set: counts, lengths, duplicates, label conflicts, leaks between splits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.data.duplicates import Hashes, conflicting, exact, extra_copies, hash_texts
from bench.data.facts import DatasetFacts
from bench.data.label_sets import label_counts, label_keys
from bench.data.load import Dataset, assemble
from bench.data.published import PublishedSet, read_published
from bench.data.ref import DatasetRef
from bench.data.rows import Published

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 40


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Lengths(_Closed):
    """How long the texts of a split are."""

    characters: list[float] = Field(description="At the quantiles 0, .05, .25, .5, .75, .95 and 1.")
    words: list[float] = Field(description="Likewise, words parted by white space.")
    histogram: list[int] = Field(description="Texts between each two of the description's `length_edges`.")


class SplitFacts(_Closed):
    """A split as published, before anything is dropped."""

    name: str
    rows: int
    left_out: int = Field(description="Rows with a label that is left out.")
    labels: dict[str, int]
    lengths: Lengths
    duplicate_rows: int = Field(description="Rows minus distinct texts.")
    duplicate_rows_normalized: int
    conflicting_texts: int = Field(description="Distinct texts under more than one label.")
    conflicting_texts_normalized: int


class Leak(_Closed):
    """Rows of the later split whose text also stands in the earlier one."""

    earlier: str
    later: str
    exact: int
    normalized: int
    normalized_other_label: int = Field(description="Of these, the rows whose label the text never has in the earlier.")


class Description(DatasetFacts):
    """A data set described."""

    splits: list[SplitFacts]
    leaks: list[Leak]
    length_edges: list[float] = Field(description="Edges of the histograms in characters, even on a log scale.")
    used: dict[str, int] = Field(description="Rows of train, validation and test as recipes get them.")
    validation_source: str
    counts: dict[str, int] = Field(description="What was found and dropped on the way there.")


def describe(ref: DatasetRef) -> Description:
    """Read a data set and describe it; raises DataError as `load` does."""
    published = read_published(ref)
    return describe_published(published, assemble(published))


def describe_published(published: PublishedSet, dataset: Dataset) -> Description:
    """Describe a set that is read already."""
    longest = max(len(text) for split in published.splits.values() for text in split.texts)
    edges = np.geomspace(1, longest + 1, BINS + 1)
    raw = {name: hash_texts(split.texts, exact) for name, split in published.splits.items()}
    order = [name for name in ("all", "train", "validation", "test") if name in published.splits]
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    return Description(
        **dict(published.facts),
        splits=[_facts(name, published, raw[name], edges) for name in order],
        leaks=[_leak(a, b, published, raw) for a, b in pairs],
        length_edges=edges.tolist(),
        used={"train": len(dataset.train), "validation": len(dataset.validation), "test": len(dataset.test)},
        validation_source=dataset.validation_source,
        counts=dict(dataset.counts),
    )


def _facts(name: str, published: PublishedSet, raw: Hashes, edges: npt.NDArray[np.float64]) -> SplitFacts:
    split = published.splits[name]
    tally = label_counts(split.labels, len(published.facts.label_names)).tolist()
    return SplitFacts(
        name=name,
        rows=len(split.texts),
        left_out=split.left_out,
        labels=dict(zip(published.facts.label_names, tally, strict=True)),
        lengths=_lengths(split, edges),
        duplicate_rows=extra_copies(raw),
        duplicate_rows_normalized=extra_copies(split.hashes),
        conflicting_texts=conflicting(raw, split.labels),
        conflicting_texts_normalized=conflicting(split.hashes, split.labels),
    )


def _lengths(split: Published, edges: npt.NDArray[np.float64]) -> Lengths:
    characters = np.fromiter((len(text) for text in split.texts), dtype=np.int64)
    words = np.fromiter((len(text.split()) for text in split.texts), dtype=np.int64)
    return Lengths(
        characters=np.quantile(characters, QUANTILES).tolist(),
        words=np.quantile(words, QUANTILES).tolist(),
        histogram=np.histogram(characters, edges)[0].tolist(),
    )


def _leak(earlier: str, later: str, published: PublishedSet, raw: dict[str, Hashes]) -> Leak:
    first, second = published.splits[earlier], published.splits[later]
    leaked = np.isin(second.hashes, first.hashes)
    same = _with_label(second)[leaked]
    return Leak(
        earlier=earlier,
        later=later,
        exact=int(np.isin(raw[later], raw[earlier]).sum()),
        normalized=int(leaked.sum()),
        normalized_other_label=int((~np.isin(same, _with_label(first))).sum()),
    )


def _with_label(split: Published) -> Hashes:
    """A hash of each text and its label: labels spread over the bits by an odd constant."""
    spread: Hashes = split.hashes ^ (label_keys(split.labels) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return spread
