"""Where a number is cut so that its intervals are labels in their order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def fit_cuts(scores: Numbers, steps: npt.NDArray[np.int64], k: int, weights: Numbers) -> tuple[Numbers, float]:
    """The k − 1 rising cuts that put the most weight of texts into the interval of their own step, and its share.

    `scores`, `weights` [n]; `steps` [n], 0 to k − 1. Exact, by dynamic programming over the distinct scores; a step
    may get no interval, and its two cuts are then one.
    """
    distinct, at = np.unique(scores, return_inverse=True)
    mass = np.zeros((k, len(distinct) + 1))
    np.add.at(mass, (steps, at + 1), weights)
    mass = mass.cumsum(axis=1)  # mass[c, j]: weight of step c in the lowest j scores
    best, starts = mass[0], list[npt.NDArray[np.int64]]()
    for own in mass[1:]:
        gain = best - own
        so_far = np.maximum.accumulate(gain)
        # where the interval of this step begins, were it to end at each place: the first that is as good
        risen = np.flatnonzero(np.diff(so_far, prepend=-np.inf) > 0)
        starts.append(risen[np.searchsorted(risen, np.arange(len(gain)), side="right") - 1])
        best = own + so_far
    ends = [len(distinct)]
    for start in reversed(starts):
        ends.append(int(start[ends[-1]]))
    between = np.concatenate(([-np.inf], (distinct[1:] + distinct[:-1]) / 2, [np.inf]))
    return between[ends[:0:-1]], float(best[-1] / weights.sum())
