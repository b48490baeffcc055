"""What labels say of sentiment: so that models of other labels answer the same question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from bench.contract import Probabilities
from bench.data.manifest import Polarity, dataset_names, entry
from bench.errors import BenchError

POLARITIES: tuple[Polarity, ...] = get_args(Polarity)
NAMES: Mapping[str, Polarity] = {
    "negative": "negative", "neg": "negative", "bad": "negative", "neutral": "neutral", "neu": "neutral",
    "positive": "positive", "pos": "positive", "good": "positive",
}  # fmt: skip
"""Of labels in a user's own file."""


@dataclass(frozen=True)
class PolarityMap:
    """The polarity of each label, by its number; None for one that says nothing of sentiment."""

    of_label: tuple[Polarity | None, ...]

    @classmethod
    def of(cls, dataset: str, label_names: Sequence[str]) -> PolarityMap:
        """As the manifest has it, or by the usual names. A `BenchError` where labels are not both good and bad."""
        known = entry(dataset).polarity if dataset in dataset_names() else {}
        found = tuple(known.get(name) or NAMES.get(name.lower().split()[-1]) for name in label_names)
        if not {"negative", "positive"} <= set(found):
            raise BenchError(
                f"the labels of {dataset} ({', '.join(label_names)}) name no sentiment: behaviour tests need labels "
                "that are called negative and positive"
            )
        return cls(found)

    @property
    def has_neutral(self) -> bool:
        """Whether a label is neutral."""
        return "neutral" in self.of_label

    def probabilities(self, probabilities: Probabilities) -> npt.NDArray[np.float64]:
        """Of negative, neutral and positive, float64 [n, 3]: sums over labels [n, k]; other labels' are left out."""
        columns = [[p == polarity for p in self.of_label] for polarity in POLARITIES]
        return np.stack([probabilities[:, column].sum(axis=1, dtype=np.float64) for column in columns], axis=1)

    def predicted(self, probabilities: Probabilities) -> npt.NDArray[np.str_]:
        """The most probable polarity of each text, `none` where labels without one are more probable, [n]."""
        sums = self.probabilities(probabilities)
        rest = probabilities.sum(axis=1, dtype=np.float64) - sums.sum(axis=1)
        shares = np.column_stack([sums, rest])
        predicted: npt.NDArray[np.str_] = np.take([*POLARITIES, "none"], shares.argmax(axis=1))
        return predicted
