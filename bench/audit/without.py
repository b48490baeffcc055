"""Is a model better without the labels that are suspected to be wrong? Trained with them and without them."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.contract import Split
from bench.metrics import Metric, written
from bench.params import with_defaults
from bench.registry import load_recipe
from bench.stats.contributions import of_runs
from bench.stats.crossed import Sample, difference

RECIPE = "linear"


class Without(BaseModel):
    """Scores on validation of a model trained on all labels, and of one trained without the suspects."""

    model_config = ConfigDict(extra="forbid")

    recipe: str
    metric: Metric
    dropped: int = Field(description="Rows of train.")
    validation: int = Field(description="Texts that both are scored on; labels of theirs may be wrong, too.")
    with_all: float
    without: float
    change: float = Field(description="Of the second from the first.")
    low: float = Field(description="Of its 95 % interval, paired over texts.")
    high: float

    @property
    def line(self) -> str:
        """In one line."""
        shown = "better" if self.low > 0 else "worse" if self.high < 0 else "not shown to be better or worse"
        change = f"{self.change:+.3f} ({self.low:+.3f} to {self.high:+.3f})"
        return (
            f"without these {self.dropped:,}, `{self.recipe}` has {self.without:.3f} {written(self.metric)} on "
            f"validation, with them {self.with_all:.3f}: {change}, {shown}"
        )


def without_suspects(train: Split, validation: Split, suspects: Collection[str], metric: Metric) -> Without | None:
    """Train twice, score both on validation; None where nothing is suspected, or a label would be left without texts.

    `suspects` are ids of rows of train.
    """
    kept = np.array([i for i, row in enumerate(train.ids) if row not in suspects], np.int64)
    if len(kept) == len(train) or set(train.labels[kept].tolist()) != set(train.labels.tolist()):
        return None
    runs = [_predicted(part, validation) for part in (train, train.take(kept))]
    values = of_runs(validation.labels, runs, len(train.label_names), metric)
    before, after = (Sample(run[None]) for run in values)
    change = difference(before, after, None, None)
    low, high = change.interval()
    return Without(
        recipe=RECIPE, metric=metric, dropped=len(train) - len(kept), validation=len(validation),
        with_all=round(before.score, 5), without=round(after.score, 5),
        change=round(change.value, 5), low=round(low, 5), high=round(high, 5),
    )  # fmt: skip


def _predicted(train: Split, validation: Split) -> npt.NDArray[np.intp]:
    """Labels of validation by the recipe, trained on these rows."""
    recipe = load_recipe(RECIPE)
    with tempfile.TemporaryDirectory(prefix="sentibench-audit-") as folder:
        recipe.fit(train, validation, with_defaults(recipe, {}), 0, Path(folder))
        found = recipe.load(Path(folder)).predict_proba(validation.texts)
    return np.asarray(found.argmax(axis=1))
