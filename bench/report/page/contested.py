"""The test texts that flip between models: who has which right, and their texts, as far as a page has room."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.board.inference import Subject
from bench.board.predictions import Run
from bench.report.page import packed

ROOM = 200_000
"""Models times texts of which the page tells who has which right: 34 kB a board."""
CHARACTERS, WIDTH = 200_000, 200
"""Of all texts that the page has of a board, and of one."""
SPARSE = 64
"""Numbers of ids are packed as bits unless one in fewer than this is there."""


@dataclass(frozen=True)
class Texts:
    """Of a test set, as far as they may be shown."""

    by_id: Mapping[str, str]
    """Empty where none may be, or none is there."""
    remark: str
    """Then why; else what to think of them."""


def contested(subjects: Sequence[Subject], run: Run, texts: Texts) -> dict[str, Any]:
    """Of the texts that some models have right by most seeds and others wrong: no other can flip.

    Where there is no room for all, those on which the models disagree most. `run` has their ids and labels.
    """
    right = np.array([subject.right.mean(axis=0) >= 0.5 for subject in subjects])
    split = np.minimum(right.sum(axis=0), (~right).sum(axis=0))
    order = np.argsort(-split, kind="stable")[: np.count_nonzero(split)]
    kept = np.sort(order[: ROOM // len(subjects)])
    return {
        "right": packed.bits(right[:, kept]),
        "n": len(kept),
        "of": len(order),
        "ids": _ids([str(run.ids[i]) for i in kept]),
        "labels": packed.planes(run.labels[kept]) if run.labels.ndim == 1 else packed.columns(run.labels[kept]),
        "texts": _shown([str(run.ids[i]) for i in order], texts.by_id),
        "remark": "" if texts.by_id else texts.remark,
    }


def _ids(ids: Sequence[str]) -> dict[str, Any] | list[str]:
    """Those that end in numbers that rise, as most do, by what stands before, the digits and the numbers as bits."""
    found = [re.fullmatch(r"(.*?)(\d+)", one, re.DOTALL) for one in ids]
    if not ids or not all(found):
        return list(ids)
    stem, width = found[0][1], len(found[0][2])  # type: ignore[index]
    numbers: npt.NDArray[np.int64] = np.array([int(one[2]) for one in found if one])
    told = ids == [f"{stem}{number:0{width}}" for number in numbers] and bool(np.all(np.diff(numbers) > 0))
    if not told or numbers[-1] >= SPARSE * len(ids):
        return list(ids)
    there = np.zeros(numbers[-1] + 1, bool)
    there[numbers] = True
    return {"stem": stem, "width": width, "numbers": packed.bits(there)}


def _shown(ids: Sequence[str], texts: Mapping[str, str]) -> dict[str, str]:
    """The beginnings of the first of `ids` by id, as many as there is room for."""
    shown = {one: texts[one][:WIDTH] for one in ids if one in texts}
    used = np.cumsum([len(text) for text in shown.values()])
    return dict(list(shown.items())[: int(np.searchsorted(used, CHARACTERS, side="right"))])
