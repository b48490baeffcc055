"""What a worker does in each phase. Nothing here runs in the parent of a suite."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.api import PARENTS, BenchError, Compression, Predictor, Probabilities, Split, load_artifact, read_card
from bench.arrays import write_arrays
from bench.data import DatasetRef, Prepared, prepare
from bench.foreign import compiled_code
from bench.measure.memory import peak_rss_bytes
from bench.measure.quality import check_probabilities
from bench.registry import load_recipe
from bench.run.probe import probe

Job = dict[str, Any]
SLICE = 10_000
"""Texts that a teacher is asked at once, so that its memory stays bounded."""


def _prepare(job: Job) -> dict[str, Any]:
    data_dir = Path(job["data_dir"]) if job["data_dir"] else None
    ref = DatasetRef(job["dataset"], job["text_column"], job["label_column"], data_dir)
    return {"folder": str(prepare(ref, Path(job["cache"]), job["limit"]).folder)}


def _train(job: Job) -> dict[str, Any]:
    recipe = load_recipe(job["recipe"])
    prepared = Prepared.open(Path(job["prepared"]))
    train, validation = prepared.training()
    if job.get("refit"):
        train, validation = _together(train, validation)
    out_dir = Path(job["artifact"])
    out_dir.mkdir(parents=True)
    for key, variable in (("checkpoint", "SENTIBENCH_CHECKPOINT"), ("cache", "SENTIBENCH_TRAINING_CACHE")):
        if key in job:
            os.environ[variable] = job[key]
    os.environ["SENTIBENCH_PREPARED"] = str(prepared.folder.parent)
    started = time.perf_counter()
    parents = [Path(folder) for folder in job.get("parents", ())]
    cards = _checked_cards(parents, prepared)
    if isinstance(recipe, Compression):
        training = recipe.compress(parents, train, validation, job["params"], job["seed"], out_dir)
    else:
        training = recipe.fit(train, validation, job["params"], job["seed"], out_dir)
    seconds = time.perf_counter() - started
    _write_card(job, prepared, cards, out_dir)
    return {"training": dataclasses.asdict(training), "seconds": seconds, "peak_bytes": peak_rss_bytes()}


def _together(train: Split, validation: Split) -> tuple[Split, Split]:
    """All rows as `train`, none left as `validation`: what a refit trains on."""
    names = train.label_names
    labels = np.concatenate([train.labels, validation.labels])
    whole = Split([*train.ids, *validation.ids], [*train.texts, *validation.texts], labels, names)
    return whole, Split([], [], np.empty(0, np.int64), names)


def _checked_cards(parents: list[Path], prepared: Prepared) -> list[dict[str, Any]]:
    """The cards of the parents; a `BenchError` for one that tells other labels, or the same in another order."""
    cards = [read_card(parent) for parent in parents]
    for card in cards:
        if tuple(card["label_names"]) != prepared.label_names:
            raise BenchError(
                f"the parent was trained on {card['dataset']} for the labels {', '.join(card['label_names'])}; "
                f"{prepared.name} has {', '.join(prepared.label_names)}: a child keeps its parent's, and their order"
            )
    return cards


def _write_card(job: Job, prepared: Prepared, parents: list[dict[str, Any]], out_dir: Path) -> None:
    """`artifact.json`: what the artifact needs to say of itself to be loaded, and served, anywhere."""
    recipe = load_recipe(job["recipe"])
    layout = recipe.layout(parents, job["params"]) if isinstance(recipe, Compression) else recipe.name
    normalization = recipe.normalization_for(job["params"])
    card = {
        "artifact_version": 1,
        "recipe": recipe.name,
        "layout": layout,
        "framework": recipe.framework,
        "params": job.get("shown", job["params"]),
        "seed": job["seed"],
        "normalization": parents[0]["normalization"] if normalization == PARENTS else normalization,
        "label_names": list(prepared.label_names),
        "dataset": prepared.name,
    }
    if code := compiled_code(out_dir):
        card["compiled_code"] = code
    (out_dir / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True))


def _predict(job: Job) -> dict[str, Any]:
    prepared = Prepared.open(Path(job["prepared"]))
    predictor = load_artifact(Path(job["artifact"]))
    ids, texts = prepared.test_texts()
    started = time.perf_counter()
    test = _shuffled(predictor, texts, len(prepared.label_names))
    seconds = time.perf_counter() - started
    arrays = {"ids": np.asarray(ids), "probabilities": test}
    if not job.get("refit"):  # a refit has learnt the validation rows: a score on them would say nothing
        arrays |= _predicted_validation(prepared, predictor)
    write_arrays(Path(job["folder"]) / "predictions.npz", arrays)
    return {
        "seconds": seconds,
        "parameters": int(predictor.parameters),
        "nonzero_parameters": int(predictor.nonzero_parameters),
        "dtype": predictor.dtype,
        "device": predictor.device,
        "runtime": predictor.runtime,
    }


def _validate(job: Job) -> dict[str, Any]:
    """Predict the validation split alone: the files of the test split are not opened."""
    prepared = Prepared.open(Path(job["prepared"]))
    predictor = load_artifact(Path(job["artifact"]))
    write_arrays(Path(job["folder"]) / "validation.npz", _predicted_validation(prepared, predictor))
    return {}


def _predicted_validation(prepared: Prepared, predictor: Predictor) -> dict[str, npt.NDArray[Any]]:
    validation = prepared.validation()
    return {
        "validation_labels": validation.labels,
        "validation_probabilities": _shuffled(predictor, validation.texts, len(prepared.label_names)),
    }


def _shuffled(predictor: Predictor, texts: list[str], n_labels: int, seed: int = 0) -> Probabilities:
    """Predict in an order that tells nothing of the labels, and put the rows back."""
    order = np.random.default_rng(seed).permutation(len(texts))
    predicted = predictor.predict_proba([texts[i] for i in order])
    check_probabilities(predicted, len(texts), n_labels)
    restored = np.empty_like(predicted, dtype=np.float32)
    restored[order] = predicted
    return restored


def _measure(job: Job) -> dict[str, Any]:
    from bench.measure.timing import RoundSettings, run_round

    texts = json.loads(Path(job["texts"]).read_text())
    settings = RoundSettings(number=job["round"], threads=job["threads"], n_labels=job["n_labels"])
    run_round(lambda: load_artifact(Path(job["artifact"])), texts, settings).write(Path(job["folder"]))
    return {}


def _teach(job: Job) -> dict[str, Any]:
    """Predict texts that are no test texts, for a student."""
    texts = json.loads(Path(job["texts"]).read_text())
    predictor = load_artifact(Path(job["artifact"]))
    slices = [predictor.predict_proba(texts[start : start + SLICE]) for start in range(0, len(texts), SLICE)]
    write_arrays(Path(job["folder"]) / "said.npz", {"probabilities": np.concatenate(slices)})
    return {}


PHASES: dict[str, Callable[[Job], dict[str, Any]]] = {
    "prepare": _prepare,
    "train": _train,
    "predict": _predict,
    "validate": _validate,
    "measure": _measure,
    "teach": _teach,
    "probe": probe,
}
