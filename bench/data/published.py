"""A data set as published: found, read and held against the manifest, nothing dropped or cut yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bench.data.digest import row_hashes, rows_digest
from bench.data.facts import DatasetFacts
from bench.data.locate import data_roots, find_file, missing_error
from bench.data.manifest import Entry, Layout, SourceFile, entry
from bench.data.readers import read_rows
from bench.data.reading import Reading
from bench.data.ref import DatasetRef
from bench.data.rows import Collector, Published
from bench.data.stream import open_verified
from bench.data.user_file import read_user_file
from bench.errors import DataError


@dataclass(frozen=True)
class PublishedSet:
    """The splits of a data set as their publisher, or the user's file, has them (`all` where it has none)."""

    facts: DatasetFacts
    splits: Mapping[str, Published]
    files: tuple[Path, ...] = ()
    reading: Reading | None = None
    """How a user's file was read; None for a set of the manifest."""


@dataclass(frozen=True)
class Located:
    """A set whose files are all there: the layout and the files of each split, by their relative names."""

    layouts: Mapping[str, Layout]
    """How each split is read."""
    split_files: Mapping[str, tuple[str, ...]]
    paths: Mapping[str, Path]


def read_published(ref: DatasetRef) -> PublishedSet:
    """Find, read and verify; nothing is returned that the manifest does not vouch for."""
    if ref.path is not None:
        user = read_user_file(ref.path, ref.reading)
        name = ref.path.name
        facts = DatasetFacts(
            name=name, title=f"your file {name}", revision=user.revision, label_names=user.label_names, source=name,
            notes=user.notes,
        )  # fmt: skip
        return PublishedSet(facts, user.splits, files=(ref.path,), reading=user.reading)
    found = entry(ref.name)
    located = locate(found, ref.data_dir)
    return PublishedSet(found.facts, read_located(found, located), files=tuple(located.paths.values()))


def locate(found: Entry, data_dir: Path | None) -> Located:
    """Where the files of a set lie, as published or as `data fetch` left them; one that is missing is an error."""
    roots = data_roots(data_dir)
    published = {split: part.files for split, part in found.splits.items()}
    paths, missing = _find(published, roots)
    if missing is None:
        layouts = {split: part.layout or found.layout for split, part in found.splits.items()}
        return Located(layouts, published, paths)
    if found.fetched is not None:
        fetched = dict(found.fetched.files)
        paths, other = _find(fetched, roots)
        if other is None:
            return Located(dict.fromkeys(fetched, found.fetched.layout), fetched, paths)
    fetchable = bool(found.hub or found.kaggle or found.urls)
    raise missing_error(found.name, missing, roots, found.source, fetchable)


def _find(files: Mapping[str, tuple[str, ...]], roots: list[Path]) -> tuple[dict[str, Path], str | None]:
    paths = {}
    for relative in dict.fromkeys(name for names in files.values() for name in names):
        path = find_file(relative, roots)
        if path is None:
            return {}, relative
        paths[relative] = path
    return paths, None


def read_located(found: Entry, located: Located) -> dict[str, Published]:
    """The splits of a set, held against the hashes, counts and digests of its manifest entry."""

    @contextmanager
    def open_file(relative: str) -> Iterator[BinaryIO]:
        with open_verified(located.paths[relative], found.files.get(relative, SourceFile())) as stream:
            yield stream

    labels: dict[str, str | None] = {name: name for name in found.label_names}
    if set(located.split_files[next(iter(located.split_files))]) <= set(found.files):
        labels = dict(found.labels) or labels  # what `data fetch` makes itself has our own names
    collector = Collector({split: _shown(names, found) for split, names in located.split_files.items()})
    for layout, files in _by_layout(located):
        collector.add_all(read_rows(layout, files, open_file), labels)
    splits = collector.finish(found.label_names, labels)
    for name, part in found.splits.items():
        if name not in splits:
            raise DataError(f"{_shown(part.files, found)}: empty file; copy or fetch it again")
        splits[name] = _verified(found, name, splits[name])
    return splits


def _by_layout(located: Located) -> list[tuple[Layout, dict[str, tuple[str, ...]]]]:
    """The files of the splits that are read together: those of one layout."""
    grouped: list[tuple[Layout, dict[str, tuple[str, ...]]]] = []
    for split, layout in located.layouts.items():
        if not grouped or grouped[-1][0] != layout:
            grouped.append((layout, {}))
        grouped[-1][1][split] = located.split_files[split]
    return grouped


def _shown(names: tuple[str, ...], found: Entry) -> str:
    return f"{found.name} ({names[0]})" if names else found.name


def _verified(found: Entry, name: str, split: Published) -> Published:
    part = found.splits[name]
    counts = dict(
        zip(found.label_names, np.bincount(split.labels, minlength=len(found.label_names)).tolist(), strict=True)
    )
    if len(split.texts) + split.left_out != part.rows or (part.counts and counts != part.counts):
        raise DataError(
            f"{_shown(part.files, found)}: {name} has {len(split.texts) + split.left_out:,} rows, {counts}, where the "
            f"manifest has {part.rows:,}, {part.counts}; copy or fetch it again"
        )
    if part.digest is None and not found.sort_rows:
        return split
    hashes = row_hashes(split.texts, split.labels.tolist())
    if part.digest is not None and rows_digest(hashes) != part.digest:
        raise DataError(
            f"{_shown(part.files, found)}: the rows of {name} are not the manifest's; copy or fetch it again"
        )
    if not found.sort_rows:
        return split
    ordered = split.take(np.array(sorted(range(len(hashes)), key=hashes.__getitem__), dtype=np.int64))
    return Published(ordered.texts, ordered.labels, np.arange(len(hashes)), split.left_out)
