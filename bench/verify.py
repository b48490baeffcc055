"""Recomputes every stored or published number from the raw predictions and samples, and reports what does not agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from bench.arrays import read_arrays
from bench.artifact import artifact_files, folder_hash
from bench.errors import BenchError, StoreError, one_line
from bench.measure.measurement import inference_peak_bytes, measurement_from_samples
from bench.measure.quality import score, validation_scores
from bench.measure.schedule import POOLED, PROTOCOLS
from bench.schema import Result, parse
from bench.split_labels import FOLDER as SPLITS
from bench.split_labels import restore
from bench.truth import Truth

TOLERANCE = 1e-9
"""Relative: sums may be added in another order on another processor."""
SHOWN = 3
"""Differences printed of one block; the rest are counted."""
MAX_BOOTSTRAP = 100_000

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Problem:
    """Something published that its raw data do not bear out."""

    where: str
    """The file, relative to the verified directory."""
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def result_folders(directory: Path) -> list[Path]:
    """The folders of all runs below `directory/results`, sorted; none at all is an error."""
    results = directory / "results"
    folders = sorted(path for path in results.iterdir() if path.is_dir()) if results.is_dir() else []
    if not folders:
        raise BenchError(f"no runs in {results}; name a store or a folder of published reports")
    return folders


def verify(
    directory: Path,
    watch: Callable[[Sequence[Path]], Iterable[Path]] = iter,
    store: Path | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> list[Problem]:
    """Every problem of a store or of published reports, searches included, none if all is well.

    Damaged files are problems, not errors.

    `watch` wraps the run folders, for a progress bar. Labels are held against the data prepared in `directory` and in
    `store`; `note` receives what could not be.
    """
    problems: list[Problem] = []
    truth = Truth([root / "prepared" for root in (directory, store) if root is not None])
    results: list[Result] = []
    artifacts: dict[str, Result] = {}
    for folder in watch(result_folders(directory)):
        result = _read(folder, problems)
        if result is None:
            continue
        results.append(result)
        problems += _check_run(folder, result, truth)
        if result.identity.artifact:
            artifacts.setdefault(result.identity.artifact, result)
    for result in artifacts.values():
        problems += _check_artifact(directory, result)
    problems += [Problem(where, what) for where, what in truth.problems()]
    if unproven := truth.unproven():
        note(f"labels of {', '.join(unproven)} were compared between runs, not with the data: not prepared here")
    for path in sorted((directory / "searches").glob("*.json")):
        problems += _check_search(path)
    if (directory / "results.csv").is_file():
        problems += _check_csv(directory / "results.csv", results)
    return problems


def _read(folder: Path, problems: list[Problem]) -> Result | None:
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


def _check_run(folder: Path, result: Result, truth: Truth) -> Iterator[Problem]:
    where = _where(folder, "result.json")
    if result.run_id != folder.name:
        yield Problem(where, f"run_id is '{result.run_id}', but its folder is '{folder.name}'")
    if result.outcome.status == "ok":
        required = ["quality", "size"] if result.data.refit else ["quality", "validation", "size"]
        missing = [name for name in required if getattr(result, name) is None]
        yield from (Problem(where, f"status is ok, but there is no {name}") for name in missing)
    if result.size is not None:
        bits = 8 * result.size.bytes_on_disk / max(1, result.size.parameters)
        yield from _compared(where, "size.bits_per_weight", result.size.bits_per_weight, bits)
        if result.size.files is not None:
            listed = sum(result.size.files.values())
            yield from _compared(where, "size.bytes_on_disk", result.size.bytes_on_disk, listed)
    for block, name, check in (
        (result.quality or result.validation, "predictions.npz", partial(_check_predictions, truth)),
        (result.measurement, "samples.npz", _check_samples),
    ):
        if block is None:
            continue
        try:
            yield from check(where, result, _arrays(folder / name))
        except BenchError as error:
            yield Problem(_where(folder, name), str(error))
        except (TypeError, ValueError, IndexError) as error:  # arrays of another type or shape than ours
            yield Problem(_where(folder, name), f"not written by this software: {one_line(error)}")


def _arrays(path: Path) -> Arrays:
    if not path.is_file():
        raise BenchError("missing: the numbers of result.json cannot be recomputed")
    try:
        return restore(path.parents[2] / SPLITS, read_arrays(path))
    except StoreError as error:
        raise BenchError(str(error).removeprefix(f"{path}: ")) from None


def _check_predictions(truth: Truth, where: str, result: Result, arrays: Arrays) -> Iterator[Problem]:
    needed = ["ids", "labels", "probabilities"]
    if result.validation is not None:
        needed += ["validation_labels", "validation_probabilities"]
    if lacking := [name for name in needed if name not in arrays]:
        raise BenchError(f"lacks {', '.join(lacking)}")
    ids, names = arrays["ids"], result.data.label_names
    if len(ids) != len(arrays["labels"]) or len(np.unique(ids)) != len(ids):
        raise BenchError(f"{len(np.unique(ids))} distinct ids for {len(arrays['labels'])} texts")
    truth.add(where.replace("result.json", "predictions.npz"), result.data, arrays)
    if result.data.n_test is not None:
        yield from _compared(where, "data.n_test", result.data.n_test, len(ids))
    if result.quality is not None:
        if not 1 <= result.quality.bootstrap <= MAX_BOOTSTRAP:
            yield Problem(
                where, f"quality.bootstrap is {result.quality.bootstrap}; 1 to {MAX_BOOTSTRAP} can be recomputed"
            )
        else:
            again = score(arrays["labels"], arrays["probabilities"], names, result.quality.bootstrap)
            yield from _compared(where, "quality", result.quality, again)
    if result.validation is not None:
        scores = validation_scores(arrays["validation_labels"], arrays["validation_probabilities"], names)
        yield from _compared(where, "validation", result.validation, scores)


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
    yield from _compared(where, "measurement", stored, again.model_copy(update=unproven))
    stored_peak = result.memory.inference_peak_bytes if result.memory else None
    yield from _compared(where, "memory.inference_peak_bytes", stored_peak, peak)


def _check_artifact(directory: Path, result: Result) -> Iterator[Problem]:
    """Content and bytes of an artifact, where its folder is here; published reports leave artifacts out."""
    name = str(result.identity.artifact)
    folder = directory / "artifacts" / name
    if not folder.is_dir():
        return
    try:
        actual = folder_hash(folder)
        on_disk = sum(path.stat().st_size for path in artifact_files(folder))
    except (BenchError, OSError) as error:
        yield Problem(f"artifacts/{name}", f"unreadable: {one_line(error)}")
        return
    if actual != name:
        yield Problem(f"artifacts/{name}", f"its content has the hash {actual}: a file was altered, added or lost")
    elif result.size is not None:
        yield from _compared(
            f"results/{result.run_id}/result.json", "size.bytes_on_disk", result.size.bytes_on_disk, on_disk
        )


def _check_search(path: Path) -> Iterator[Problem]:
    """A study's summary against its own trials."""
    from bench.search.summary import disagreements, read_summary

    where = f"searches/{path.name}"
    try:
        yield from (Problem(where, what) for what in disagreements(read_summary(path)))
    except BenchError as error:
        yield Problem(where, str(error).removeprefix(f"{path}").removeprefix(": ").strip())


def _check_csv(path: Path, results: Sequence[Result]) -> Iterator[Problem]:
    """Each row as the report would write it today; a run that a newer one supersedes may be left out.

    Columns that came after the report was written, the last ones of today's, are not in it; another counts as empty.
    """
    import csv
    import io

    from bench.board.rows import counted, rows
    from bench.board.table import COLUMNS, csv_text

    try:
        read = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True))
    except (OSError, ValueError, csv.Error) as error:
        yield Problem(path.name, f"unreadable: {one_line(error)}")
        return
    published = {str(row.get("run_id")): row for row in read}
    if len(published) < len(read):
        yield Problem(path.name, f"{len(read)} rows of {len(published)} runs; a run has one row")
    everything = rows(results)
    due = {row["run_id"]: row for row in csv.DictReader(io.StringIO(csv_text(everything), newline=""))}
    for run_id in sorted(published.keys() - due.keys()):
        yield Problem(path.name, f"row '{run_id}' has no readable result")
    for run_id in sorted({row.run_id for row in counted(everything)} - published.keys()):
        yield Problem(path.name, f"no row of run '{run_id}'")
    header = tuple(read[0]) if read else ()
    newer = set(COLUMNS[len(header) :]) if header == COLUMNS[: len(header)] else set()
    for run_id in sorted(published.keys() & due.keys()):
        again = {name: value for name, value in due[run_id].items() if name not in newer}
        yield from _compared(path.name, f"row '{run_id}'", dict.fromkeys(again, "") | published[run_id], again)


def _compared(where: str, name: str, stored: Any, again: Any) -> Iterator[Problem]:
    """A problem for each of the first few fields that differ, and one for the rest together."""
    differences = list(_differences(name, _plain(stored), _plain(again)))
    for field, before, now in differences[:SHOWN]:
        yield Problem(where, f"{field} is {before!r}, recomputed {now!r}")
    if len(differences) > SHOWN:
        yield Problem(where, f"{name}: {len(differences) - SHOWN} more fields differ")


def _differences(name: str, stored: Any, again: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*stored, *again]):
            yield from _differences(f"{name}.{key}", stored.get(key), again.get(key))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for index, (before, now) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{name}[{index}]", before, now)
    elif isinstance(stored, float) and isinstance(again, float):
        if not math.isclose(stored, again, rel_tol=TOLERANCE, abs_tol=1e-12):
            yield name, stored, again
    elif stored != again:
        yield name, stored, again


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _where(folder: Path, name: str) -> str:
    return f"results/{folder.name}/{name}"
