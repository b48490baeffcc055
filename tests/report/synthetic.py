"""Stored results that look like real ones: schema-valid, with predictions that agree with their scores.

For tests of the report and for `benchmarks/report_scale.py`; the scores are drawn, not earned.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bench.board.aggregate import boards
from bench.board.leaderboard import Board
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.errors import BenchError
from bench.params import parse_recipe
from bench.registry import load_recipe
from bench.schema import (
    ColdStart,
    Data,
    Device,
    Environment,
    Identity,
    Interval,
    Latency,
    Measurement,
    Memory,
    Outcome,
    PerClass,
    Quality,
    Result,
    Session,
    Size,
    TrainingLog,
    Validation,
)
from bench.store import Store

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")


@dataclass(frozen=True)
class Model:
    """A kind of model: about how good, how large and how slow it is."""

    recipe: str
    variant: str = ""
    track: str = "baselines"
    accuracy: float = 0.9
    parameters: int = 500_000
    p50_ms: float = 1.0
    epochs: int = 0


MODELS = (
    Model("constant", accuracy=0.34, parameters=6, p50_ms=0.02),
    Model("linear", accuracy=0.891, parameters=900_000, p50_ms=0.7),
    Model("linear", "model=svm", accuracy=0.889, parameters=900_000, p50_ms=0.7),
    Model("dnn", accuracy=0.884, parameters=86_000_000, p50_ms=9.0, epochs=6),
    Model("lstm", accuracy=0.918, parameters=1_900_000, p50_ms=5.2, epochs=12),
    Model("lstm", "units=64", accuracy=0.915, parameters=1_400_000, p50_ms=3.9, epochs=12),
    Model("tinybert", track="tf_tinybert", accuracy=0.922, parameters=5_300_000, p50_ms=5.6, epochs=5),
    Model("distilbert", track="transformers_pt", accuracy=0.929, parameters=66_000_000, p50_ms=33.0, epochs=3),
    Model("quantize", "bits=8", "compression", accuracy=0.926, parameters=66_000_000, p50_ms=7.3),
)


def predictions(accuracy: float, n: int, labels: int, rng: np.random.Generator) -> dict[str, Any]:
    """Ids, labels and probabilities of a somewhat over-confident model of about that accuracy."""
    true = rng.integers(0, labels, n)
    right = rng.random(n) < accuracy
    predicted = np.where(right, true, (true + rng.integers(1, labels, n)) % labels)
    confidence = np.where(right, rng.beta(9, 1.2, n), rng.beta(4, 2, n)).clip(1.2 / labels, 0.9999)
    probabilities = np.repeat(((1 - confidence) / (labels - 1))[:, None], labels, axis=1)
    probabilities[np.arange(n), predicted] = confidence
    return {
        "ids": np.array([f"test-{i}" for i in range(n)]),
        "labels": true.astype(np.int64),
        "probabilities": probabilities.astype(np.float32),
    }


def quality(arrays: dict[str, Any], label_names: tuple[str, ...]) -> Quality:
    """The scores of those predictions, with intervals by the normal approximation."""
    true, probabilities = arrays["labels"], arrays["probabilities"].astype(float)
    n, k = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    confusion = np.zeros((k, k), int)
    np.add.at(confusion, (true, predicted), 1)
    hits = confusion.diagonal()
    recall, precision = hits / np.maximum(confusion.sum(1), 1), hits / np.maximum(confusion.sum(0), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    accuracy = float((predicted == true).mean())
    half = 1.96 * math.sqrt(accuracy * (1 - accuracy) / n)

    def around(value: float, width: float = half) -> Interval:
        return Interval(value=value, low=max(0.0, value - width), high=value + width)

    loss = -np.log(np.clip(probabilities[np.arange(n), true], 1e-7, 1))
    brier = ((probabilities - np.eye(k)[true]) ** 2).sum(1)
    return Quality(
        accuracy=around(accuracy),
        macro_f1=around(float(f1.mean())),
        macro_recall=around(float(recall.mean())),
        log_loss=around(float(loss.mean())),
        brier=around(float(brier.mean())),
        ece=around(abs(float(probabilities.max(1).mean()) - accuracy), half / 2),
        per_class=[
            PerClass(label=name, precision=precision[i], recall=recall[i], f1=f1[i], support=int(confusion[i].sum()))
            for i, name in enumerate(label_names)
        ],
        confusion=confusion.tolist(),
        n=n,
        bootstrap=1000,
    )


def session(name: str = "20260101T000000-abc123") -> Session:
    """A measuring session."""
    return Session(id=name, started_at="2026-01-01T00:00:00+00:00", boot_id="b" * 36, kernel="6.1", software="f" * 12)


def measurement(p50: float, rng: np.random.Generator) -> Measurement:
    """Both scenarios at one thread and two, ten rounds each, with a long tail."""
    latency = []
    for threads, factor in ((1, 1.5), (2, 1.0)):
        ms = p50 * factor * float(rng.normal(1, 0.03))
        for scenario, batch, scale in (("single_stream", 1, 1.0), ("offline", 32, 14.0)):
            middle = ms * scale
            tail = {"p50_ms": middle, "p90_ms": middle * 1.3, "p95_ms": middle * 1.6, "p99_ms": None}
            rate = 1000 * batch / middle
            same = {"scenario": scenario, "batch_size": batch, "threads": threads, "n": 600, "texts_per_s": rate}
            noise = [1 + 0.01 * ((7 * n) % 10 - 4.5) for n in range(10)]
            rounds = {
                "rounds_p50_ms": [middle * x for x in noise], "p50_low_ms": middle * 0.96, "p50_high_ms": middle * 1.04,
                "rounds_texts_per_s": [rate / x for x in noise],
            }  # fmt: skip
            latency.append(Latency(**same, **tail, **rounds, warmup_calls=20, warm=True, steady=True))
    return Measurement(
        protocol="rounds-2",
        rounds=10,
        latency=latency,
        cold_start=ColdStart(import_ms=900.0, load_ms=120.0, first_call_ms=40.0),
        interleaved_with=len(MODELS),
        session=session(),
    )


def environment(machine: str = "3f9a1c2b") -> Environment:
    """A machine."""
    return Environment(
        machine=machine,
        os="Linux 6.1",
        cpu="Intel Xeon @ 2.10GHz",
        cpu_flags=["avx2", "avx512f", "vnni"],
        cores=2,
        ram_gb=23.5,
        python="3.11.9",
        packages={"numpy": "2.4.6", "scikit-learn": "1.9.1", "keras": "3.15.1"},
        thread_settings={"OMP_NUM_THREADS": "2"},
    )


def history(model: Model, rng: np.random.Generator) -> list[dict[str, float]]:
    """A loss that falls and a validation accuracy that rises, then stands."""
    epochs = np.arange(1, model.epochs + 1)
    rise = 1 - np.exp(-epochs / 2)
    return [
        {
            "epoch": float(epoch),
            "loss": float(1.7 * math.exp(-epoch / 2.2) + 0.05 + rng.normal(0, 0.01)),
            "validation_loss": float(1.5 * math.exp(-epoch / 2) + 0.25 + 0.012 * epoch + rng.normal(0, 0.01)),
            "validation_accuracy": float(model.accuracy * rise[epoch - 1] + rng.normal(0, 0.004)),
            "learning_rate": 1e-3 * 0.5 ** (epoch // 4),
        }
        for epoch in epochs
    ]


def predictions_of(model: Model, dataset: str, n: int, labels: int, rng: np.random.Generator) -> dict[str, Any]:
    """Predictions of about the model's accuracy on the one set of test labels that a data set has."""
    arrays = predictions(min(model.accuracy + rng.normal(0, 0.003), 1.0), n, labels, rng)
    # the test labels of a data set are the same for every run
    arrays["labels"] = np.random.default_rng(sum(map(ord, dataset))).integers(0, labels, n)
    shift = rng.random(n) < model.accuracy
    wrong = (arrays["labels"] + rng.integers(1, labels, n)) % labels
    predicted = np.where(shift, arrays["labels"], wrong)
    order = arrays["probabilities"].argmax(axis=1)
    rows = np.arange(n)
    top, other = arrays["probabilities"][rows, order].copy(), arrays["probabilities"][rows, predicted].copy()
    arrays["probabilities"][rows, order], arrays["probabilities"][rows, predicted] = other, top
    return arrays


def validation_of(model: Model, seed: int, dataset: str, labels: int, n: int = 200) -> dict[str, Any]:
    """Predictions of the validation split, about as good as those of the test."""
    rng = np.random.default_rng([seed, 1, sum(map(ord, model.recipe + model.variant + dataset))])
    arrays = predictions_of(model, f"validation of {dataset}", n, labels, rng)
    return {f"validation_{name}": arrays[name] for name in ("labels", "probabilities")}


def change(blocks: dict[str, Any], changes: dict[str, Any]) -> None:
    """Put whole blocks, or fields of `Identity`, `Data` and `Outcome`, in place of what `blocks` holds."""
    for field, value in changes.items():
        if field in blocks:
            blocks[field] = value
        else:
            owner = next(key for key in ("identity", "data", "outcome") if field in type(blocks[key]).model_fields)
            blocks[owner] = blocks[owner].model_copy(update={field: value})


def params_of(model: Model) -> dict[str, Any]:
    """All parameters: those of the variant, over the recipe's defaults where it is a known one."""
    try:
        defaults = dict(load_recipe(model.recipe).defaults)
    except BenchError:
        defaults = {}
    return defaults | parse_recipe(f"{model.recipe}[{model.variant}]")[1]


def size(parameters: int) -> Size:
    """Of an artifact in float32."""
    return Size(
        parameters=parameters, nonzero_parameters=parameters, bytes_on_disk=4 * parameters,
        bytes_gzipped=3 * parameters, bits_per_weight=32.0,
    )  # fmt: skip


def result(
    model: Model,
    seed: int = 0,
    dataset: str = "emotions",
    n: int = 400,
    label_names: tuple[str, ...] = EMOTIONS,
    run_id: str | None = None,
    **changes: Any,
) -> tuple[Result, dict[str, Any]]:
    """An ok result and its predictions; `changes` are fields of `Identity`, `Data`, `Outcome` or whole blocks."""
    rng = np.random.default_rng([seed, sum(map(ord, model.recipe + model.variant + dataset))])
    arrays = predictions_of(model, dataset, n, len(label_names), rng)
    if changes.get("trained_on") != "train+validation":
        arrays |= validation_of(model, seed, dataset, len(label_names))
    name = run_id or f"{dataset}-{model.recipe}-{model.variant.replace('=', '')}-s{seed}"
    blocks: dict[str, Any] = {
        "identity": Identity(
            track=model.track,
            recipe=model.recipe,
            variant=model.variant,
            framework="keras" if model.epochs else "scikit-learn",
            params=params_of(model),
            seed=seed,
            suite="standard",
            artifact=hashlib.sha256(name.encode()).hexdigest()[:12],
            artifact_key=f"key-{name}",
            source_hash="source",
            git_commit="0123456789abcdef",
            dirty=False,
        ),
        "data": Data(
            dataset=dataset,
            revision="1",
            split_hash=f"rows-of-{dataset}",
            n_train=16_000,
            n_validation=2_000,
            n_test=n,
            label_names=list(label_names),
        ),
        "outcome": Outcome(status="ok", started_at=f"2025-01-01T00:00:{seed:02d}+00:00", train_seconds=60.0),
        "environment": environment(),
        "device": Device(runtime="keras" if model.epochs else "scikit-learn"),
        "training": TrainingLog(
            examples_per_second=5e4 / model.p50_ms,
            epochs_run=model.epochs or None,
            best_epoch=max(model.epochs - 2, 1) if model.epochs else None,
            history=history(model, rng),
        ),
        "validation": Validation(accuracy=model.accuracy, macro_f1=0.8, macro_recall=0.8, log_loss=0.4, n=2000),
        "quality": quality(arrays, label_names),
        "size": size(model.parameters),
        "measurement": measurement(model.p50_ms, rng),
        "memory": Memory(inference_peak_bytes=300_000_000 + 5 * model.parameters, training_peak_bytes=900_000_000),
    }
    change(blocks, changes)
    return Result(run_id=name, **blocks), arrays


def failure(model: Model, seed: int = 0, dataset: str = "emotions", **outcome: Any) -> Result:
    """A run that ended without scores."""
    failed = {"status": "failed", "phase": "train", "reason": "exit code 1", "exit_code": 1, "log_tail": "Traceback …"}
    ok, _ = result(model, seed, dataset)
    empty = dict.fromkeys(("training", "validation", "quality", "size", "measurement", "memory"))
    ended = ok.outcome.model_copy(update=failed | outcome)
    return ok.model_copy(update={**empty, "outcome": ended, "run_id": f"{ok.run_id}-{ended.status}"})


def boards_of(store: Store) -> list[Board]:
    """The leaderboards of a store."""
    read = rows(store.read_all())
    return boards(read, Predictions(store, read))


def fill(store: Store, datasets: tuple[str, ...] = ("emotions",), seeds: int = 3, n: int = 400) -> None:
    """A store with every model of `MODELS` on those data sets; the quantized ones are children of distilbert."""
    for dataset in datasets:
        for seed in range(seeds):
            for model in MODELS:
                parent = f"{dataset}-distilbert--s{seed}" if model.recipe == "quantize" else None
                made, arrays = result(model, seed, dataset, n, parent_run_id=parent)
                store.put(made, arrays)


def grid(count: int) -> list[Model]:
    """Many variants around the models above, for a store of any size."""
    return [
        replace(
            MODELS[i % len(MODELS)],
            variant=",".join(filter(None, (MODELS[i % len(MODELS)].variant, f"trial={i}"))),
            p50_ms=MODELS[i % len(MODELS)].p50_ms * (1 + (i % 7) / 10),
            accuracy=MODELS[i % len(MODELS)].accuracy - (i % 5) / 200,
        )
        for i in range(count)
    ]
