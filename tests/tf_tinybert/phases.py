"""What a process with TensorFlow does: `python -m tests.tf_tinybert.phases PHASE …`, JSON out."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench import epochs
from bench.api import STANDALONE, BenchError, RunContext, SoftTargets, Split, TokenIds, Training
from tests.baselines.phases import AWKWARD, Killed
from tests.baselines.sentences import LABELS, log_loss, split, turned
from tf_tinybert.recipes.tinybert import Tinybert

QUICK = {"epochs": 3, "max_length": 16, "learning_rate": 5e-3, "batch_size": 16}
"""One width of batches: each costs TensorFlow seconds of tracing."""
COMPILED = {"jit_compile": True, "steps_per_execution": 3}


def fit(
    folder: Path, changes: dict[str, Any], rows: int = 240, checks: int | Split = 60, context: RunContext = STANDALONE
) -> Training:
    """Train with quick parameters and `changes`; the artifact in `folder`."""
    folder.mkdir(parents=True)
    recipe = Tinybert()
    params = {**recipe.defaults, **QUICK, **changes}
    validation = split(checks, 1, LABELS) if isinstance(checks, int) else checks
    return recipe.fit(split(rows, 0, LABELS), validation, params, 0, folder, context)


def learn(root: Path, checkpoint: str, whole: bool) -> dict[str, Any]:
    """What one process with one device can show, `whole` or the core; artifacts `once` and `shipped` stay in `root`."""
    given = {"checkpoint": checkpoint}
    short = given | {"epochs": 2}
    # First: determinism, which trainings without XLA switch on, keeps Keras from compiling.
    compiled = fit(root / "compiled", short | COMPILED, checks=0) if whole else None
    log = fit(root / "shipped", {"epochs": 4, "learning_rate": 1e-3, "max_length": 40}, rows=480)
    checks = turned(split(60, 1))
    chosen = given | {"epochs": 2, "monitor": "loss"}
    once = fit(root / "once", chosen, checks=checks)
    single = fit(root / "single", given | {"epochs": 1})
    for name in ("once", "shipped"):
        np.save(root / f"{name}.npy", Tinybert().load(root / name).predict_proba(split(120, 2).texts))
    logs = {"log": log, "once": once, "single": single}
    if compiled is not None:
        again, refit = fit(root / "again", chosen, checks=checks), fit(root / "refit", short, checks=0)
        logs |= {"compiled": compiled, "again": again, "refit": refit}
    return {name: dataclasses.asdict(told) for name, told in logs.items()} | {
        "probe": probe(root / "shipped"),
        "kept_loss": log_loss(checks, Tinybert().load(root / "once").predict_proba(checks.texts)),
        "trip": {name: round_trip(Path(folder)) for name, folder in (("random", checkpoint), ("shipped", shipped()))},
        "xla": xla_gap(root / "shipped") if whole else None,
        "momentum": first_momentum(),
        "torch": "torch" in sys.modules,
    }


KILLED_AT = 37
"""A step in the third epoch."""
BROKEN = {"dropout": 0.2, "monitor": "loss"}


def break_off(root: Path, changes: dict[str, Any]) -> list[dict[str, float]]:
    """Train unbroken, and again until a kill; the history of the first. The best epoch is one before the kill."""
    epochs.PROGRESS_SECONDS = epochs.CHECKPOINT_SECONDS = 0.0

    def kill(done: float, *unused: Any) -> None:
        if done >= KILLED_AT:
            raise Killed

    log = fit(root / "unbroken", BROKEN | changes, checks=turned(split(60, 1)))
    context = RunContext(checkpoint=root.parent / "work", listener=kill)
    try:
        fit(root / "killed", BROKEN | changes, checks=turned(split(60, 1)), context=context)
    except Killed:
        return log.history
    raise AssertionError("it was not killed")


def resume(root: Path, changes: dict[str, Any]) -> dict[str, Any]:
    """Go on with what was killed: what it tells, and how its weights differ from those of the unbroken training."""
    from safetensors.numpy import load_file

    epochs.PROGRESS_SECONDS, seen, work = 0.0, list[tuple[float, set[str]]](), root.parent / "work"
    context = RunContext(checkpoint=work, listener=lambda done, total, values: seen.append((done, set(values))))
    log = fit(root / "resumed", BROKEN | changes, checks=turned(split(60, 1)), context=context)
    first, second = (load_file(root / name / "model.safetensors") for name in ("unbroken", "resumed"))
    return {
        "history": log.history,
        "best_epoch": log.best_epoch,
        "first_step": seen[0][0],
        "told": sorted(seen[0][1]),
        "stored": [path.name for path in work.iterdir()],
        "gap": max(float(np.abs(first[name] - second[name]).max()) for name in first),
    }


def shipped() -> str:
    """The encoder that comes with the project."""
    from tf_tinybert.presets import SHIPPED, VOCABULARY_OF

    return str(SHIPPED / VOCABULARY_OF)


def round_trip(folder: Path) -> dict[str, float]:
    """How many tensors went into the Keras model and came back, and the greatest difference."""
    from tf_tinybert.checkpoint import read_tensors
    from tf_tinybert.model import POOLER, build_classifier, load_weights, read_weights
    from tf_tinybert.presets import read_config

    config, tensors = read_config(folder), read_tensors(folder)
    model = build_classifier(config, 3, 0.0)
    load_weights(model, tensors, config["num_hidden_layers"], POOLER)
    back = {name.removeprefix("bert."): v for name, v in read_weights(model, config["num_hidden_layers"]).items()}
    shared = [name for name in tensors if name in back]
    return {"tensors": len(shared), "gap": max(float(np.abs(tensors[n] - back[n]).max()) for n in shared)}


def xla_gap(folder: Path) -> float:
    """Between the logits of the plain forward pass and of the one that XLA compiles for a static shape."""
    import tensorflow as tf

    from tf_tinybert.checkpoint import read_tensors
    from tf_tinybert.model import build_classifier, load_weights

    config = json.loads((folder / "config.json").read_text())
    model = build_classifier(config, 3, 0.0)
    load_weights(model, read_tensors(folder), config["num_hidden_layers"])
    ids = np.random.default_rng(0).integers(5, config["vocab_size"], (4, 16)).astype(np.int32)
    inputs = {"token_ids": tf.constant(ids), "padding_mask": tf.constant((ids % 7 > 0).astype(np.int32))}
    spec = {name: tf.TensorSpec((4, 16), tf.int32) for name in inputs}
    forward = tf.function(lambda given: model(given, training=False), jit_compile=True, input_signature=[spec])
    return float(np.abs(forward(inputs).numpy() - model(inputs, training=False).numpy()).max())


def probe(folder: Path) -> dict[str, Any]:
    """What a predictor says of itself and does with awkward texts."""
    predictor = Tinybert().load(folder)
    awkward, texts = predictor.predict_proba(AWKWARD), split(40, 3).texts
    whole = predictor.predict_proba(texts)
    alone = np.concatenate([predictor.predict_proba([text]) for text in texts])
    staged: Any = texts
    for stage in predictor.stages().values():
        staged = stage(staged)
    unseen = split(120, 2)
    return {
        "accuracy": float((predictor.predict_proba(unseen.texts).argmax(1) == unseen.labels).mean()),
        "sums": awkward.sum(1).tolist(),
        "dtype": str(awkward.dtype),
        "empty": list(predictor.predict_proba([]).shape),
        "alone_gap": float(np.abs(alone - whole).max()),
        "staged_gap": float(np.abs(staged - whole).max()),
        "parameters": predictor.parameters,
    }


def first_momentum() -> list[float]:
    """AdamW's momentum after one step on the gradient 30, 40."""
    import keras

    from tf_tinybert.optimizer import ClippedAdamW, WarmupDecay

    variable = keras.Variable([0.0, 0.0])
    optimizer = ClippedAdamW(WarmupDecay(1e-3, 1, 10))
    optimizer.apply([keras.ops.convert_to_tensor([30.0, 40.0])], [variable])
    (momentum,) = [v for v in optimizer.variables if v.path.endswith("momentum")]
    return [float(one) for one in momentum.numpy()]


def order() -> dict[str, Any]:
    """Two epochs of batches, the second of them alone, and the first as two pipelines see it."""
    import tensorflow as tf

    from tf_tinybert.batches import Batches, widths

    random = np.random.default_rng(0)
    lengths = np.concatenate([random.integers(3, 14, 60), random.integers(18, 30, 37), [60]])
    rows = TokenIds(np.repeat(np.arange(98) + 1, lengths).astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]))
    batches = Batches(rows, np.arange(98), 8, widths(rows, 64, fixed=False), 3)

    def seen(first: int, pipeline: int = 0, pipelines: int = 1) -> list[Any]:
        context = tf.distribute.InputContext(pipelines, pipeline, 2)
        found = batches.pipeline(first, context).take(48 // pipelines)
        return [[inputs["token_ids"].numpy().tolist(), labels.numpy().tolist()] for inputs, labels in found]

    told = {"whole": seen(0), "later": seen(batches.steps), "parts": [seen(0, 0, 2), seen(0, 1, 2)]}
    return told | {"steps": batches.steps, "widths": batches.widths}


def losses() -> dict[str, Any]:
    """Of six texts with and without a teacher, with and without weights of labels."""
    from tf_tinybert.criterion import criterion, targets

    plain = Split([*"abcdef"], [*"abcdef"], np.array([0, 0, 0, 0, 1, 2]), ("x", "y", "z"))
    taught = dataclasses.replace(plain, soft_targets=SoftTargets(np.eye(3)[[1] * 6], 0.5, 1.0))
    logits = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    pairs = [(split, kind) for split in (plain, taught) for kind in ("none", "balanced")]
    found = [float(criterion(split, kind)(targets(split), logits)) for split, kind in pairs]
    return {"logits": logits.tolist(), "found": found}


def attempts(root: Path, cases: list[dict[str, Any]]) -> list[str]:
    """The message of the `BenchError` of each; "trained" where there was none."""
    said = []
    for number, changes in enumerate(cases):
        try:
            fit(root / str(number), changes, rows=48, checks=12)
            said.append("trained")
        except BenchError as error:
            said.append(str(error))
    return said


def main(command: str, folder: str, given: str, *more: str) -> None:
    """Run one phase; its outcome goes to `<folder>.json`, so that what libraries print does no harm."""
    root = Path(folder)
    if command == "learn":
        outcome: Any = learn(root, given, whole="whole" in more)
    elif command == "say":
        outcome = [
            Tinybert().load(Path(name)).predict_proba(split(120, 2).texts).tolist() for name in json.loads(given)
        ]
    elif command == "order":
        outcome = order()
    elif command == "losses":
        outcome = losses()
    elif command == "attempts":
        outcome = attempts(root, json.loads(given))
    else:
        if more:
            two_devices()
        phase: Any = {"break_off": break_off, "resume": resume}.get(command, fit)
        outcome = phase(root, json.loads(given))
        outcome = dataclasses.asdict(outcome) if isinstance(outcome, Training) else outcome
    root.with_suffix(".json").write_text(json.dumps(outcome))


def two_devices() -> None:
    """Make TensorFlow see two CPUs."""
    import tensorflow as tf

    half = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [half, half])


if __name__ == "__main__":
    import os

    rank = os.environ.get("RANK", "0")
    main(sys.argv[1], sys.argv[2] + ("" if rank == "0" else f"-{rank}"), *sys.argv[3:])
