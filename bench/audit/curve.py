"""Are there enough labels? The score against their number, and what some more would be worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bench.audit.words import fitted, probabilities, vectors
from bench.contract import Split
from bench.measure.quality import scores_of, terms_of
from bench.metrics import Metric, written

MOST = 50_000
"""Labels of train at most that the curve is drawn of."""
STEPS = 7
"""Sizes, each twice the one before."""
REPEATS = 3
"""Orders in which the rows are taken: in each the smaller sets are parts of the larger ones."""
DRAWS = 200
"""Of other validation texts and orders, for the intervals."""
MORE = 1000
RATES = np.geomspace(0.05, 2.0, 40)
"""Of the law, that are tried."""
Floats = npt.NDArray[np.float64]


class Point(BaseModel):
    """The score with so many labels."""

    model_config = ConfigDict(extra="forbid")

    labels: int
    score: float = Field(description="On validation, the mean over the orders.")
    low: float = Field(description="Of the 95 % interval over texts and orders.")
    high: float


class LearningCurve(BaseModel):
    """A power law, score = limit − drop · labels^(−rate), fitted to the points."""

    model_config = ConfigDict(extra="forbid")

    metric: Metric
    points: list[Point]
    limit: float
    drop: float
    rate: float
    more: int = Field(description="How many more labels the gain is of: as many as there are, 1,000 at most.")
    gain: float = Field(description="What they are worth, by the law.")
    gain_low: float = Field(description="Of its 95 % interval over texts and orders.")
    gain_high: float

    @property
    def line(self) -> str:
        """In one line."""
        ends = f"({self.gain_low:+.3f} to {self.gain_high:+.3f})"
        what = f"{self.more:,} more labels are worth about {self.gain:+.3f} {ends} of {written(self.metric)}"
        shown = "" if self.gain_low > 0 else ": not shown to be worth anything"
        return f"{what} to a linear model over words{shown}"


def learning_curve(train: Split, validation: Split, metric: Metric) -> LearningCurve | None:
    """Nested parts of train, scored on validation; None where there are too few rows for a curve.

    The law is that of Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017.
    """
    sizes = _sizes(train)
    if len(sizes) < 4:
        return None
    drawn = _scores(train, validation, sizes, metric)
    counts = np.array(sizes, np.float64)
    point, others = drawn[:, 0], drawn[:, 1:]
    law = _fit(counts, drawn[:, :1])[:, 0]
    n = len(train)
    more = min(MORE, n)
    low, high = np.quantile(others, [0.025, 0.975], axis=1)
    ends = np.quantile(_gain(_fit(counts, others), n, more), [0.025, 0.975])
    return LearningCurve(
        metric=metric,
        points=[
            Point(labels=size, score=round(float(s), 5), low=round(float(a), 5), high=round(float(b), 5))
            for size, s, a, b in zip(sizes, point, low, high, strict=True)
        ],
        limit=round(float(law[0]), 5), drop=round(float(law[1]), 5), rate=round(float(law[2]), 5),
        more=more, gain=round(float(_gain(law, n, more)), 5), gain_low=round(float(ends[0]), 5),
        gain_high=round(float(ends[1]), 5),
    )  # fmt: skip


def _sizes(train: Split) -> list[int]:
    """Half of the half of … of all; the smallest has some rows a label."""
    size, least = min(len(train), MOST), 8 * len(train.label_names)
    sizes: list[int] = []
    while size >= least and len(sizes) < STEPS:
        sizes.append(size)
        size //= 2
    return sizes[::-1]


def _scores(train: Split, validation: Split, sizes: list[int], metric: Metric) -> Floats:
    """Of each size as it is, and in `DRAWS` draws of other texts and orders, float64 [sizes, 1 + DRAWS]."""
    matrix, vectorizer = vectors(train.texts)
    held = vectorizer.transform(validation.texts)
    n, k = len(validation), len(train.label_names)
    random = np.random.default_rng(0)
    texts = random.multinomial(n, np.full(n, 1 / n), DRAWS).T
    weights = np.concatenate([np.ones((n, 1)), texts], axis=1)
    orders = [_order(train, seed) for seed in range(REPEATS)]
    scores = np.empty((REPEATS, len(sizes), 1 + DRAWS))
    for step, size in enumerate(sizes):
        for repeat, order in enumerate(orders):
            if size == len(train) and repeat:  # the same rows in another order
                scores[repeat, step] = scores[0, step]
                continue
            rows = order[:size]
            found = probabilities(fitted(matrix[rows], train.labels[rows]), held, k)
            sums = terms_of(validation.labels, found).sums(weights)
            scores[repeat, step] = scores_of(sums, k, n)[metric]
    drawn = random.integers(0, REPEATS, (REPEATS, DRAWS))
    mean = scores[:, :, 1:][drawn, :, np.arange(DRAWS)].mean(axis=0).T
    return np.concatenate([scores[:, :, :1].mean(axis=0), mean], axis=1)


def _order(train: Split, seed: int) -> npt.NDArray[np.int64]:
    """All rows by chance, but one of each label first: no part lacks one."""
    order = np.random.default_rng(seed).permutation(len(train))
    _, first = np.unique(train.labels[order], return_index=True)
    return np.concatenate([order[first], np.delete(order, first)])


def _fit(counts: Floats, scores: Floats) -> Floats:
    """Limit, drop and rate of each column of scores [sizes, n], by least squares, float64 [3, n].

    For a rate the other two are a straight line's: the best of a grid of rates is taken.
    """
    best = np.full((3, scores.shape[1]), np.nan)
    least = np.full(scores.shape[1], np.inf)
    for rate in RATES:
        x = counts[:, None] ** -rate
        apart = x - x.mean()
        drop = np.maximum(-(apart * scores).sum(axis=0) / (apart**2).sum(), 0.0)  # more labels do no harm
        limit = scores.mean(axis=0) + drop * x.mean()
        above = limit > 1.0
        drop = np.where(above, ((1.0 - scores) * x).sum(axis=0) / (x**2).sum(), drop)
        limit = np.minimum(limit, 1.0)
        error = ((limit - drop * x - scores) ** 2).sum(axis=0)
        best = np.where(error < least, [limit, drop, np.full_like(drop, rate)], best)
        least = np.minimum(error, least)
    return best


def _gain(laws: Floats, n: int, more: int) -> Floats:
    """What so many more labels than `n` are worth, by each law."""
    _, drop, rate = laws
    return np.asarray(drop * (float(n) ** -rate - float(n + more) ** -rate))
