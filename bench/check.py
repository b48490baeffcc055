"""The contract tests that every recipe must pass, for people who add one: `python -m bench check RECIPE`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.artifact import artifact_files
from bench.contract import Compression, Recipe
from bench.data import DatasetRef, Prepared
from bench.errors import BenchError
from bench.params import with_defaults
from bench.registry import ROOT, load_recipe, source_hash
from bench.run.datasets import prepared_dataset
from bench.run.job import PredictJob, ProbeJob, Trained, TrainJob
from bench.run.launcher import Ended, launch, worker_environment
from bench.store import Store

ROWS = 300
TIMEOUT = 600.0
HEAVY = ("tensorflow", "keras", "tf_keras", "torch", "transformers", "sklearn", "pandas")
PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin", ".npy")
"""Endings of files that load by pickle, some always, some in common use."""


@dataclass(frozen=True)
class Check:
    """One clause of the contract, and what was wrong, None when it holds."""

    clause: str
    problem: str | None


def check_recipe(name: str, folder: Path | None = None) -> Iterator[Check]:
    """Every clause in turn, as it is tested; trains on 300 rows of `toy` with the recipe's smoke parameters."""
    recipe = load_recipe(name)
    for clause, test in _STATIC.items():
        yield _attempt(clause, partial(test, recipe))
    work = folder or Path(tempfile.mkdtemp(prefix="sentibench-check-"))
    try:
        yield from _trained_checks(recipe, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _attempt(clause: str, test: Callable[[], object]) -> Check:
    try:
        test()
    except (AssertionError, BenchError) as error:
        return Check(clause, str(error) or "it does not hold")
    return Check(clause, None)


def _defaults_are_json(recipe: Recipe) -> None:
    try:
        json.dumps(dict(recipe.defaults))
    except TypeError as error:
        raise AssertionError(f"defaults: {error}") from None


def _keys_exist(recipe: Recipe) -> None:
    for attribute in ("space", "smoke"):
        with_defaults(recipe, {key: recipe.defaults.get(key) for key in getattr(recipe, attribute)})
    for attribute, keys in (
        ("path_params", recipe.path_params),
        ("headline_param", filter(None, [recipe.headline_param])),
    ):
        for key in keys:
            assert key in recipe.defaults, f"{attribute} names '{key}', which is not among the defaults"


def _documented(recipe: Recipe) -> None:
    assert (type(recipe).__doc__ or "").strip(), "the class has no docstring"


def _imports_lightly(recipe: Recipe) -> None:
    code = f"import sys; from bench.registry import load_recipe; load_recipe({recipe.name!r}); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=worker_environment("auto", 1),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = sorted(set(HEAVY) & set(run.stdout.split()))
    assert not loaded, f"importing the file loads {', '.join(loaded)}; import inside of fit and load"


_STATIC: dict[str, Callable[[Recipe], object]] = {
    "has a docstring": _documented,
    "defaults are plain JSON values": _defaults_are_json,
    "space, smoke, path_params and headline_param name parameters that exist": _keys_exist,
    "declared sources exist": source_hash,
    "importing its file loads no framework": _imports_lightly,
}


def _trained_checks(recipe: Recipe, work: Path) -> Iterator[Check]:
    prepared = prepared_dataset(DatasetRef("toy"), Store(work / "store"), limit=ROWS)
    if isinstance(recipe, Compression):
        parent = _trained(load_recipe(recipe.example), prepared, work / "parent")
        if parent.status != "ok":
            yield Check(f"its example of a parent, '{recipe.example}', trains", parent.reason)
            return
    first = _trained(recipe, prepared, work / "first")
    yield Check("trains on toy with its smoke parameters", first.reason if first.status != "ok" else None)
    if first.status != "ok":
        return
    artifact = work / "first" / "artifact"
    yield _attempt("leaves an artifact without pickle", lambda: _no_pickle(artifact))
    moved = work / "elsewhere"
    shutil.copytree(artifact, moved)
    probed = launch(ProbeJob(artifact=moved, prepared=prepared.folder), work / "probe", TIMEOUT)
    if probed.value is None:
        yield Check("loads in a new process, from another folder", probed.reason)
        return
    yield Check("loads in a new process, from another folder", None)
    for clause, problem in probed.value.clauses.items():
        yield Check(clause, problem)
    yield _attempt("the same seed trains to the same predictions", lambda: _repeats(recipe, prepared, work))


def _trained(recipe: Recipe, prepared: Prepared, folder: Path) -> Ended[Trained]:
    parents: list[Path] = []
    if isinstance(recipe, Compression):
        parents = [folder.parent / "parent" / "artifact"] * (recipe.parents or 2)
    params = with_defaults(recipe, dict(recipe.smoke))
    job = TrainJob(
        recipe=recipe.name, params=params, seed=0, prepared=prepared.folder, artifact=folder / "artifact",
        parents=tuple(parents),
    )  # fmt: skip
    return launch(job, folder, TIMEOUT)


def _no_pickle(artifact: Path) -> None:
    for path in artifact_files(artifact):
        assert path.suffix not in PICKLES, (
            f"{path.name} is of a kind that loads by pickle; use safetensors, JSON or skops"
        )
        with path.open("rb") as file:
            head = file.read(2)
        assert not (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"), f"{path.name} is a pickle"


def _repeats(recipe: Recipe, prepared: Prepared, work: Path) -> None:
    predictions = []
    for folder in (work / "first", work / "second"):
        if not (folder / "artifact").is_dir():
            ended = _trained(recipe, prepared, folder)
            assert ended.status == "ok", f"the second training failed: {ended.reason}"
        job = PredictJob(artifact=folder / "artifact", prepared=prepared.folder)
        predicted = launch(job, folder, TIMEOUT)
        assert predicted.status == "ok", f"prediction failed: {predicted.reason}"
        with np.load(folder / "predictions.npz", allow_pickle=False) as file:
            predictions.append(file["probabilities"])
    difference = float(np.abs(predictions[0] - predictions[1]).max())
    assert difference == 0.0, f"two trainings with one seed differ by up to {difference:.2g}"
