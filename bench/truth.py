"""The true labels of a split: the same in all runs of it, and those that its hash was taken of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.data.prepared import find_content
from bench.errors import BenchError
from bench.schema import Data


class _Rows(NamedTuple):
    """Which rows labels are of."""

    dataset: str
    split: str
    hash: str
    """Of the test split; of validation, that of train and validation together."""


@dataclass
class Truth:
    """Gathers the labels that stored predictions were scored against, and reports whose are wrong."""

    copies: Sequence[Path]
    """Folders of prepared data, where the labels themselves may be found."""
    _claims: dict[_Rows, dict[str, list[str]]] = field(default_factory=dict)
    """Of each split the files that hold the same labels, by the hash of the labels."""

    def add(self, where: str, data: Data, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """The labels of the `predictions.npz` at `where`. TypeError or ValueError for arrays that are no labels."""
        if data.split_hash:
            claimed = _digest(data.label_names, arrays["ids"].tolist(), arrays["labels"])
            self._add(_Rows(data.dataset, "test", data.split_hash), claimed, where)
        if data.train_hash and "validation_labels" in arrays:
            claimed = _digest(data.label_names, [], arrays["validation_labels"])
            self._add(_Rows(data.dataset, "validation", data.train_hash), claimed, where)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Each place with other labels than the data have or, where these are not here, than most runs."""
        for rows, claims in self._claims.items():
            of_data = self._of_data(rows)
            majority = max(claims, key=lambda digest: len(claims[digest]))
            count, example = len(claims[majority]), Path(claims[majority][0]).parent.name
            others = "the data" if of_data else f"{count} other(s), as {example}"
            what = f"its ids and labels of {rows.split} are not those of {others}, with the same hash {rows.hash[:8]}"
            wrong = [files for digest, files in claims.items() if digest != (of_data or majority)]
            yield from ((where, what) for files in wrong for where in files)

    def unproven(self) -> list[str]:
        """The data sets whose test labels could be compared between runs alone."""
        tests = [rows for rows in self._claims if rows.split == "test"]
        return sorted({rows.dataset for rows in tests if self._of_data(rows) is None})

    def _add(self, rows: _Rows, claimed: str, where: str) -> None:
        self._claims.setdefault(rows, {}).setdefault(claimed, []).append(where)

    def _of_data(self, rows: _Rows) -> str | None:
        """The hash of the data's own labels, from a prepared copy whose rows have the split's hash."""
        for folder in self.copies if rows.split == "test" else ():
            prepared = find_content(folder, rows.hash)
            try:
                if prepared is not None:
                    test = prepared.test()
                    return _digest(test.label_names, test.ids, test.labels)
            except BenchError:  # an altered copy proves nothing
                continue
        return None


def _digest(names: Sequence[str], ids: Sequence[Any], labels: npt.NDArray[Any]) -> str:
    digest = hashlib.sha256("\0".join(names).encode() + b"\n" + "\0".join(map(str, ids)).encode() + b"\n")
    digest.update(np.ascontiguousarray(labels, np.int64).tobytes())
    return digest.hexdigest()
