"""Joint bootstrap: in one draw all models meet the same other texts and rounds, and each training is another.

Intervals and tests are in `crossed` and `rounds`. What these cannot say, such as how likely a model is the best of many
inside bounds, is counted over the draws.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from bench.stats.contributions import Floats

DRAWS = 2_000
SEED = 20_260_201
CHUNK = 100
"""Draws of texts at once: weights of 12,000 texts are 10 MB then."""
Rounds = npt.NDArray[np.int64]


def resampled_scores(
    texts: Floats, seed_errors: Sequence[float], trainings: Sequence[Hashable], draws: int = DRAWS
) -> Floats:
    """Scores of models drawn anew, float64 [models, draws], from their means over seeds [models, texts].

    Texts by the Bayesian bootstrap (Rubin, 1981). Seeds by a normal effect with the standard error `seed_errors` has
    for each model, what texts do not explain: drawing the few seeds again would count the chance of single texts twice,
    and have too small a variance. Models of equal `trainings` share their effect.
    """
    random = np.random.default_rng(SEED)
    parts = []
    for start in range(0, draws, CHUNK):
        weights = random.standard_exponential((texts.shape[1], min(CHUNK, draws - start)))
        parts.append(texts @ (weights / weights.sum(axis=0)))
    groups = {training: i for i, training in enumerate(dict.fromkeys(trainings))}
    effects = random.standard_normal((len(groups), draws))[[groups[training] for training in trainings]]
    return np.asarray(np.hstack(parts) + np.asarray(seed_errors)[:, None] * effects)


def resampled_rounds(rounds: int, draws: int = DRAWS) -> Rounds:
    """Which rounds each draw has, int64 [draws, rounds]: the same for all models of a measuring session."""
    return np.random.default_rng(SEED).integers(0, rounds, (draws, rounds))


def resampled_medians(values: Sequence[float], drawn: Rounds) -> Floats:
    """Medians over rounds [draws], of one value a round."""
    return np.asarray(np.median(np.asarray(values, np.float64)[drawn], axis=1))


def resampled_percentile(calls: Floats, round_of_call: npt.NDArray[np.integer], share: float, drawn: Rounds) -> Floats:
    """A percentile over the calls of all rounds drawn [draws]: whole rounds are drawn, as calls of one are alike.

    For each draw the least call that at least `share` of its calls do not exceed, by bisection.
    """
    order = np.argsort(calls, kind="stable")
    rounds = drawn.shape[1]
    of_round = np.eye(rounds, dtype=np.int32)[np.asarray(round_of_call)[order]]
    cumulated = of_round.cumsum(axis=0)  # [calls, rounds]: how many of each round are no longer than that call
    times = np.stack([(drawn == number).sum(axis=1) for number in range(rounds)], axis=1)  # [draws, rounds]
    wanted = share * (times * cumulated[-1]).sum(axis=1)
    low, high = np.zeros(len(drawn), np.int64), np.full(len(drawn), len(calls) - 1)
    while (low < high).any():
        middle = (low + high) // 2
        enough = (cumulated[middle] * times).sum(axis=1) >= wanted
        high, low = np.where(enough, middle, high), np.where(enough, low, middle + 1)
    return np.asarray(calls[order][low], np.float64)


def share_of_best(scores: Floats) -> Floats:
    """How often each model has the highest score [models], of scores [models, draws]; equals share a draw.

    A score of minus infinity takes no part.
    """
    highest = scores.max(axis=0)
    best = (scores == highest) & np.isfinite(highest)
    return np.asarray((best / np.maximum(best.sum(axis=0), 1)).mean(axis=1))


def undominated(index: int, scores: Floats, costs: Sequence[Floats], floors: Sequence[float]) -> npt.NDArray[np.bool_]:
    """In which draws a model is on the Pareto front of scores (high) and costs (low), each [models, draws].

    Costs that differ by no more than a share `floors` has for each of them are equal. Another one dominates where it is
    worse in nothing and better in something.
    """
    no_worse = scores >= scores[index]
    better = scores > scores[index]
    for cost, floor in zip(costs, floors, strict=True):
        no_worse &= cost <= cost[index] * (1 + floor)
        better |= cost * (1 + floor) < cost[index]
    return np.asarray(~(no_worse & better).any(axis=0), bool)
