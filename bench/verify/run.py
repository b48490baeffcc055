"""One run: every number of its result, recomputed from its predictions and samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import read_arrays
from bench.errors import BenchError, StoreError, one_line
from bench.identity import ELSEWHERE
from bench.measure.bins import label_f1
from bench.measure.measurement import inference_peak_bytes, measurement_from_samples
from bench.measure.quality import score, validation_scores
from bench.measure.schedule import POOLED, PROTOCOLS
from bench.packed_probabilities import unpack
from bench.schema import Data, Result, parse
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import name_of, references, restore
from bench.thresholds import fit_thresholds, predicted_labels
from bench.truth import Truth
from bench.verify.differences import Problem, compared

MAX_BOOTSTRAP = 100_000
CLOSE = 0.01
"""Of two F1: a model that predicts in other batches may differ in a text at its threshold."""

Arrays = dict[str, npt.NDArray[Any]]


@dataclass
class Gathered:
    """What is compared between runs, when all are read."""

    truth: Truth
    splits: set[str] = field(default_factory=set)
    """Names of the files of `splits/` that predictions refer to."""


def read_result(folder: Path, problems: list[Problem]) -> Result | None:
    """None, and a problem, where it cannot be read."""
    where = _where(folder, "result.json")
    try:
        return parse((folder / "result.json").read_bytes(), where)
    except FileNotFoundError:
        what = "missing: the run was interrupted, or the file is lost; run it again or delete the folder"
    except BenchError as error:
        what = str(error).removeprefix(f"{where}: ")
    except OSError as error:
        what = f"unreadable: {one_line(error)}"
    problems.append(Problem(where, what))
    return None


def check_run(folder: Path, result: Result, gathered: Gathered) -> Iterator[Problem]:
    """A run by itself; what is to be compared between runs goes to `gathered`."""
    where = _where(folder, "result.json")
    if result.run_id != folder.name:
        yield Problem(where, f"run_id is '{result.run_id}', but its folder is '{folder.name}'")
    if result.outcome.status == "ok":
        required = ["quality"]
        if result.identity.track != ELSEWHERE:  # predictions alone have no files, and need not have validation's
            required += ["size"] if result.data.refit else ["validation", "size"]
        missing = [name for name in required if getattr(result, name) is None]
        yield from (Problem(where, f"status is ok, but there is no {name}") for name in missing)
    if result.size is not None:
        bits = 8 * result.size.bytes_on_disk / max(1, result.size.parameters)
        yield from compared(where, "size.bits_per_weight", result.size.bits_per_weight, bits)
        if result.size.files is not None:
            listed = sum(result.size.files.values())
            yield from compared(where, "size.bytes_on_disk", result.size.bytes_on_disk, listed)
    for block, name, check in (
        (result.quality or result.validation, "predictions.npz", partial(_check_predictions, gathered)),
        (result.measurement, "samples.npz", _check_samples),
    ):
        if block is None:
            continue
        try:
            yield from check(where, result, _arrays(folder / name, result.data, gathered))
        except BenchError as error:
            yield Problem(_where(folder, name), str(error))
        except (TypeError, ValueError, IndexError) as error:  # arrays of another type or shape than ours
            yield Problem(_where(folder, name), f"not written by this software: {one_line(error)}")


def _arrays(path: Path, data: Data, gathered: Gathered) -> Arrays:
    if not path.is_file():
        raise BenchError("missing: the numbers of result.json cannot be recomputed")
    try:
        arrays = read_arrays(path)
        for split, name in references(arrays).items():
            gathered.splits.add(name)
            if name != name_of(split, data.split_hash if split == "test" else data.train_hash):
                raise BenchError(f"refers to {SPLITS}/{name}.npz, which is not of the {split} split of its data")
        return restore(path.parents[2] / SPLITS, unpack(path, arrays))
    except StoreError as error:
        raise BenchError(str(error).removeprefix(f"{path}: ")) from None


def _check_predictions(gathered: Gathered, where: str, result: Result, arrays: Arrays) -> Iterator[Problem]:
    needed = ["ids", "labels", "probabilities"]
    if result.validation is not None:
        needed += ["validation_labels", "validation_probabilities"]
    if lacking := [name for name in needed if name not in arrays]:
        raise BenchError(f"lacks {', '.join(lacking)}")
    ids, names = arrays["ids"], result.data.label_names
    if len(ids) != len(arrays["labels"]) or len(np.unique(ids)) != len(ids):
        raise BenchError(f"{len(np.unique(ids))} distinct ids for {len(arrays['labels'])} texts")
    gathered.truth.add(where.replace("result.json", "predictions.npz"), result.data, arrays)
    if result.data.n_test is not None:
        yield from compared(where, "data.n_test", result.data.n_test, len(ids))
    thresholds = result.quality.multi_label.thresholds if result.quality and result.quality.multi_label else None
    if thresholds is not None:
        yield from _check_thresholds(where, thresholds, result, arrays)
    if result.quality is not None:
        if not 1 <= result.quality.bootstrap <= MAX_BOOTSTRAP:
            yield Problem(
                where, f"quality.bootstrap is {result.quality.bootstrap}; 1 to {MAX_BOOTSTRAP} can be recomputed"
            )
        else:
            again = score(arrays["labels"], arrays["probabilities"], names, result.quality.bootstrap, thresholds)
            yield from compared(where, "quality", result.quality, again)
    if result.validation is not None:
        scores = validation_scores(arrays["validation_labels"], arrays["validation_probabilities"], names, thresholds)
        yield from compared(where, "validation", result.validation, scores)


def _check_thresholds(where: str, thresholds: list[float], result: Result, arrays: Arrays) -> Iterator[Problem]:
    """Those that validation gives: no label can have a higher F1 there by another one."""
    if result.validation is None:
        return
    true, said = arrays["validation_labels"], arrays["validation_probabilities"]
    fitted = fit_thresholds(true, said)
    stored, best = (label_f1(true, predicted_labels(said, some)) for some in (thresholds, fitted))
    for name, own, highest in zip(result.data.label_names, stored.tolist(), best.tolist(), strict=True):
        if own < highest - CLOSE:
            yield Problem(where, f"the threshold of '{name}' gives F1 {own:.3f} on validation, another {highest:.3f}")


def _check_samples(where: str, result: Result, arrays: Arrays) -> Iterator[Problem]:
    stored = result.measurement
    assert stored is not None
    if stored.protocol not in PROTOCOLS:
        yield Problem(where, f"measurement.protocol is '{stored.protocol}': none of {', '.join(PROTOCOLS)}")
        return
    taken = {(entry.threads, entry.number) for entry in stored.timed}
    due = {(row.threads, number) for row in stored.latency for number in range(stored.rounds)}
    if stored.protocol != POOLED and (taken != due or len(taken) < len(stored.timed)):
        yield Problem(where, f"measurement.timed has {len(stored.timed)} rounds; there are {len(due)}")
    again = measurement_from_samples(arrays, stored.protocol, stored.interleaved_with)
    peak = inference_peak_bytes(arrays)
    unproven = {"machine": stored.machine, "session": stored.session, "timed": stored.timed}  # not among the samples
    yield from compared(where, "measurement", stored, again.model_copy(update=unproven))
    stored_peak = result.memory.inference_peak_bytes if result.memory else None
    yield from compared(where, "memory.inference_peak_bytes", stored_peak, peak)


def _where(folder: Path, name: str) -> str:
    return f"results/{folder.name}/{name}"
