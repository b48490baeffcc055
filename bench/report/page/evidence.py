"""What stands folded below a leaderboard, as blocks of three kinds that the page draws: tables, lines, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from bench.board.mistakes import mistakes
from bench.board.predictions import Run, Shown
from bench.measure.bins import BINS, confidence_bins

MAX_TEXT = 400
"""Characters of a text that are shown."""
Block = dict[str, Any]


class Fold(TypedDict):
    """A summary that opens."""

    title: str
    note: str
    prepared: bool
    """Whether it comes of a prepared data set rather than of the results."""
    blocks: list[Block]


def fold(title: str, note: str, blocks: Sequence[Block], prepared: bool = False) -> list[Fold]:
    """None without anything in it."""
    return [Fold(title=title, note=note, prepared=prepared, blocks=list(blocks))] if blocks else []


def table(columns: Sequence[Sequence[str]], rows: Sequence[Sequence[Any]], title: str = "") -> Block:
    """Columns are titles with their meanings; a row has a cell a column."""
    return {"kind": "table", "title": title, "columns": list(columns), "rows": list(rows)}


def series(name: str, xs: Sequence[Any], ys: Sequence[float | None], **more: Any) -> dict[str, Any]:
    """One line of a chart; `low`, `high` are ends of intervals, `mark` a point to stress, `dash` of 0 to 3."""
    return {
        "name": name,
        "x": list(xs),
        "y": list(ys),
        **{key: value for key, value in more.items() if value is not None},
    }


def chart(title: str, x: str, y: str, lines: Sequence[dict[str, Any]], **more: Any) -> Block:
    """Lines or, with `points`, points alone."""
    return {"kind": "lines", "title": title, "x": x, "y": y, "series": list(lines), **more}


def calibration(shown: Sequence[Shown]) -> list[Fold]:
    """Accuracy at each confidence, the seeds of a model pooled."""
    charts = [_reliability(model) for model in shown if model.predicted]
    note = (
        "On the diagonal a model is right as often as it says. Bins of confidence that hold a text; all seeds together."
    )
    return fold("Calibration", note, charts)


def _reliability(shown: Shown) -> Block:
    top, right = (np.concatenate(some) for some in zip(*map(_confidence, shown.predicted), strict=True))
    bins = confidence_bins(top)
    count = np.bincount(bins, minlength=BINS)
    filled = count > 0
    confidence, accuracy = (np.bincount(bins, of, BINS)[filled] / count[filled] for of in (top, right))
    ece = float(np.mean([run.row.scores.ece.value for run in shown.runs]))
    lines = [
        series("as often right as said", [0, 1], [0, 1], dash=2, muted=True),
        series(shown.line.figure, confidence.tolist(), accuracy.tolist(), family=shown.line.family,
               size=(count[filled] / count.sum()).tolist()),
    ]  # fmt: skip
    return chart(f"{shown.line.figure}: ECE {ece:.3f}", "confidence", "accuracy", lines, xs=[0, 1], ys=[0, 1])


def _confidence(run: Run) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """How sure a model is of the label of each text and whether it has it right; of several, of each label."""
    p = run.probabilities.astype(float)
    return (p.ravel(), run.labels.ravel() == 1) if run.row.thresholds else (p.max(axis=1), run.predicted == run.labels)


CURVES = {"loss": "training loss", "validation_loss": "validation loss", "validation_accuracy": "validation accuracy"}


def learning(shown: Sequence[Shown]) -> list[Fold]:
    """Losses and validation accuracy after each epoch, a line a seed."""
    charts = [block for model in shown for block in _curves(model)]
    return fold(
        "Learning curves", "A line a seed; the large mark is the epoch that was kept. Training loss is grey.", charts
    )


def _curves(shown: Shown) -> list[Block]:
    seeds = [(run.seed, run.row.curve) for run in shown.runs if run.row.curve]
    blocks = []
    for what, names in (("loss", ("loss", "validation_loss")), ("validation accuracy", ("validation_accuracy",))):
        lines = [
            series(f"{CURVES[name]}, seed {seed}", curve.epochs, curve.values[name], dash=i % 4,
                   family=shown.line.family, muted=name == "loss" or None,
                   mark=curve.best_epoch if name != "loss" else None)
            for i, (seed, curve) in enumerate(seeds) for name in names if name in curve.values
        ]  # fmt: skip
        blocks += [chart(f"{shown.line.figure}: {what}", "epoch", what, lines)] if lines else []
    return blocks


def confident_mistakes(shown: Sequence[Shown], texts: Mapping[str, str], remark: str, prepared: bool) -> list[Fold]:
    """Of the best model, the most confident first."""
    found = mistakes(shown, texts)
    columns = [
        ["row", ""], ["true", ""], ["predicted", ""], ["probability", "Of the predicted label, mean over seeds"],
        ["of the true label", ""], ["seeds wrong", ""], ["other models wrong", "Of those drawn here"],
    ]  # fmt: skip
    rows = [
        [m.id, m.true, m.predicted, f"{m.probability:.3f}", f"{m.true_probability:.3f}", m.seeds_wrong, m.models_wrong]
        for m in found
    ]
    if texts:
        columns.insert(1, ["text", ""])
        for row, mistake in zip(rows, found, strict=True):
            row.insert(1, (mistake.text or "")[:MAX_TEXT])
    note = f"Of {shown[0].line.title}. {remark}" if shown else remark
    return fold("Most confident mistakes", note, [table(columns, rows)] if rows else [], prepared)
