"""What a worker does in each phase. Nothing here runs in the parent of a suite."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.arrays import write_arrays
from bench.artifact import name_labels, read_card
from bench.contract import (
    PARENTS,
    Card,
    Compression,
    DeviceUse,
    Predictor,
    Probabilities,
    ProgressListener,
    RunContext,
    Split,
)
from bench.data import DatasetRef, Prepared, prepare
from bench.data.few import few_labels
from bench.data.manifest import is_multi_label
from bench.errors import BenchError
from bench.foreign import compiled_code
from bench.measure.memory import peak_rss_bytes
from bench.measure.quality import check_probabilities
from bench.registry import load_artifact, load_recipe
from bench.run.job import (
    Answer,
    Assignment,
    MeasureJob,
    Predicted,
    PredictJob,
    PrepareJob,
    ProbeJob,
    TeachJob,
    Trained,
    TrainJob,
    ValidateJob,
)
from bench.run.probe import probe
from bench.thresholds import UNFITTED, fit_thresholds

SLICE = 10_000
"""Texts that a teacher predicts at once, so that its memory stays bounded."""


def perform(assignment: Assignment) -> Answer:
    """Do the job of a worker, and answer."""
    folder = assignment.folder
    match assignment.job:
        case PrepareJob() as job:
            prepare(DatasetRef(job.dataset, job.reading, job.data_dir), job.prepared, job.limit)
            return Answer()
        case TrainJob() as job:
            context = RunContext(
                device=assignment.device, threads=assignment.threads, cache=job.cache, checkpoint=job.checkpoint,
                prepared=job.prepared.parent, data_dir=job.data_dir, listener=_listener(assignment.progress),
            )  # fmt: skip
            return _train(job, context, assignment.hosts)
        case PredictJob() as job:
            return _predict(job, folder)
        case ValidateJob() as job:
            arrays = _predicted_validation(Prepared.open(job.prepared), load_artifact(job.artifact))
            write_arrays(folder / "validation.npz", arrays)
            return Answer()
        case MeasureJob() as job:
            return _measure(job, folder)
        case TeachJob() as job:
            return _teach(job, folder)
        case ProbeJob() as job:
            return probe(job)


def _listener(descriptor: int | None) -> ProgressListener | None:
    """Writes progress to the harness, a line of JSON each; None where it is not read."""
    if descriptor is None:
        return None

    def report(done: float, total: float, values: Mapping[str, float]) -> None:
        line = json.dumps({"done": done, "total": total, "values": dict(values)})
        try:
            os.write(descriptor, (line + "\n").encode())
        except OSError:  # the harness reads no more: a training does not stop for that
            return

    return report


def _train(job: TrainJob, context: RunContext, hosts: tuple[str, ...]) -> Trained:
    recipe = load_recipe(job.recipe)
    prepared = Prepared.open(job.prepared)
    train, validation = prepared.training()
    if job.refit:
        train, validation = _together(train, validation)
    if job.per_label:
        train, validation = few_labels(train, job.per_label, job.seed), _none_of(train)
    job.artifact.mkdir(parents=True)
    started = time.perf_counter()
    cards = _checked_cards(job.parents, prepared)
    if isinstance(recipe, Compression):
        training = recipe.compress(job.parents, train, validation, job.params, job.seed, job.artifact, context)
    else:
        training = recipe.fit(train, validation, job.params, job.seed, job.artifact, context)
    seconds = time.perf_counter() - started
    training = replace(training, device=_with_hosts(training.device, hosts))
    name_labels(job.artifact, prepared.label_names)
    _write_card(job, prepared, cards)
    if train.multi_label:
        _add_thresholds(job.artifact, validation)
    return Trained(training=training, seconds=seconds, peak_bytes=peak_rss_bytes())


def _with_hosts(device: DeviceUse, hosts: tuple[str, ...]) -> DeviceUse:
    """Without ranks, all replicas are here."""
    return replace(device, hosts=hosts or (socket.gethostname(),) * device.replicas) if device.replicas > 1 else device


def _together(train: Split, validation: Split) -> tuple[Split, Split]:
    """All rows as `train`, none left as `validation`: what a refit trains on."""
    names = train.label_names
    labels = np.concatenate([train.labels, validation.labels])
    whole = Split([*train.ids, *validation.ids], [*train.texts, *validation.texts], labels, names)
    return whole, _none_of(train)


def _none_of(split: Split) -> Split:
    """No row of its labels."""
    return Split([], [], split.labels[:0], split.label_names)


def _checked_cards(parents: Sequence[Path], prepared: Prepared) -> list[Card]:
    """The cards of the parents; a `BenchError` for one with other labels, or the same in another order."""
    cards = [read_card(parent) for parent in parents]
    for card in cards:
        if tuple(card["label_names"]) != prepared.label_names:
            raise BenchError(
                f"the parent was trained on {card['dataset']} for the labels {', '.join(card['label_names'])}; "
                f"{prepared.name} has {', '.join(prepared.label_names)}: a child keeps its parent's, and their order"
            )
    return cards


def _write_card(job: TrainJob, prepared: Prepared, parents: list[Card]) -> None:
    """`artifact.json`: what is needed to load, and serve, the artifact anywhere."""
    recipe = load_recipe(job.recipe)
    resolved = recipe.resolve(job.params)
    card: Card = {
        "artifact_version": 1,
        "recipe": recipe.name,
        "layout": resolved.layout_of(parents),
        "framework": recipe.framework,
        "params": dict(job.params if job.shown is None else job.shown),
        "seed": job.seed,
        "normalization": parents[0]["normalization"] if resolved.normalization == PARENTS else resolved.normalization,
        "label_names": list(prepared.label_names),
        "dataset": prepared.name,
    }
    meta = prepared.meta
    if meta.reading is not None:  # a user's file: how it is read again, and by what it is found again
        card["reading"] = meta.reading.model_dump(exclude_defaults=True, mode="json")
        card["train_hash"], card["test_hash"] = meta.train_hash, meta.test_hash
    if code := compiled_code(job.artifact):
        card["compiled_code"] = code
    (job.artifact / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True))


def _add_thresholds(artifact: Path, validation: Split) -> None:
    """The card of a model of several labels a text tells from which probability a label is one."""
    thresholds = [UNFITTED] * len(validation.label_names)
    if len(validation):
        thresholds = fit_thresholds(validation.labels, load_artifact(artifact).predict_proba(validation.texts))
    card = read_card(artifact) | {"thresholds": thresholds}
    (artifact / "artifact.json").write_text(json.dumps(card, indent=1, sort_keys=True))


def _predict(job: PredictJob, folder: Path) -> Predicted:
    prepared = Prepared.open(job.prepared)
    predictor = load_artifact(job.artifact)
    ids, texts = prepared.test_texts()
    started = time.perf_counter()
    test = _shuffled(predictor, texts, prepared)
    seconds = time.perf_counter() - started
    arrays = {"ids": np.asarray(ids), "probabilities": test}
    if not job.refit:  # a refit has learnt the validation rows: a score on them would mean nothing
        arrays |= _predicted_validation(prepared, predictor)
    write_arrays(folder / "predictions.npz", arrays)
    return Predicted(
        seconds=seconds,
        parameters=int(predictor.parameters),
        nonzero_parameters=int(predictor.nonzero_parameters),
        dtype=predictor.dtype,
        device=predictor.device,
        runtime=predictor.runtime,
        truncation=predictor.truncation(texts),
    )


def _predicted_validation(prepared: Prepared, predictor: Predictor) -> dict[str, npt.NDArray[Any]]:
    validation = prepared.validation()
    return {
        "validation_labels": validation.labels,
        "validation_probabilities": _shuffled(predictor, validation.texts, prepared),
    }


def _shuffled(predictor: Predictor, texts: list[str], prepared: Prepared, seed: int = 0) -> Probabilities:
    """Predict in an order that has nothing to do with the labels, and put the rows back."""
    order = np.random.default_rng(seed).permutation(len(texts))
    predicted = predictor.predict_proba([texts[i] for i in order])
    single = not is_multi_label(prepared.meta.notes)
    check_probabilities(predicted, len(texts), len(prepared.label_names), sums_to_one=single)
    restored = np.empty_like(predicted, dtype=np.float32)
    restored[order] = predicted
    return restored


def _measure(job: MeasureJob, folder: Path) -> Answer:
    from bench.measure.reference import N_LABELS, Reference, reference_texts
    from bench.measure.timing import RoundSettings, run_round

    settings = RoundSettings(job.number, job.threads, job.n_labels, job.schedule)
    if (artifact := job.artifact) is None:
        run_round(Reference, reference_texts(), replace(settings, n_labels=N_LABELS)).write(folder)
    else:
        run_round(lambda: load_artifact(artifact), json.loads(job.texts.read_text()), settings).write(folder)
    return Answer()


def _teach(job: TeachJob, folder: Path) -> Answer:
    texts = json.loads(job.texts.read_text())
    predictor = load_artifact(job.artifact)
    slices = [predictor.predict_proba(texts[start : start + SLICE]) for start in range(0, len(texts), SLICE)]
    write_arrays(folder / "probabilities.npz", {"probabilities": np.concatenate(slices)})
    return Answer()
