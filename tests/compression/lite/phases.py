"""What a process with TensorFlow does: `python -m tests.compression.lite.phases core|family|tell …`, JSON out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np

from bench.api import BenchError, Compression, Split, load_artifact
from compression.recipes.litert import Litert
from compression.recipes.tfmot import Tfmot
from tests.baselines.phases import AWKWARD, recipe_of
from tests.baselines.sentences import LABELS, split, turned
from tests.tf_tinybert.checkpoints import write_checkpoint
from tf_tinybert.recipes.tinybert import Tinybert

TRAIN, VALIDATION, UNSEEN = split(480, 0), split(90, 1), split(120, 2)
LSTM = {"units": 32, "embedding": 32, "batch_size": 64}
SPELLED = {
    "tokenizer": "word", "char_ngrams": "3-5", "ngram_buckets": 300, "depth": 2, "hidden": 24, "pooling": "mean+max",
    "epochs": 1, "max_length": 12,
}  # fmt: skip
PARENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "dnn": ("dnn", {"layers": "64-32", "char_ngrams": "3-4"}),
    "lstm": ("lstm", LSTM),
    "spelled": ("lstm", LSTM | SPELLED),
}
CHILDREN: dict[str, tuple[str, type[Compression], dict[str, Any]]] = {
    "dnn-prune": ("dnn", Tfmot, {"method": "prune", "epochs": 3}),
    "dnn-again": ("dnn", Tfmot, {"method": "prune", "epochs": 3}),
    "dnn-refit": ("dnn", Tfmot, {"method": "prune", "epochs": 1}),
    "dnn-cluster": ("dnn", Tfmot, {"method": "cluster", "epochs": 1}),
    "dnn-bytes": ("dnn", Tfmot, {"method": "cluster", "epochs": 1, "clusters": 40}),
    "dnn-turned": ("dnn", Tfmot, {"method": "cluster", "epochs": 3}),
    "dnn-qat": ("dnn", Tfmot, {"method": "qat", "epochs": 2}),
    "lstm-prune": ("lstm", Tfmot, {"method": "prune", "epochs": 1}),
    "lstm-cluster": ("lstm", Tfmot, {"method": "cluster", "epochs": 1}),
}
EXPORTED = ("dnn", "lstm", "tinybert", "spelled", "lstm-cluster")
"""To float32 each; the first three in 8 bits too."""
CORE = (
    "dnn", "lstm", "dnn-prune", "dnn-cluster", "dnn-qat", "dnn-float32", "dnn-dynamic_int8", "dnn-full_int8",
    "lstm-float32",
)  # fmt: skip
"""What tests read that are not slow."""


def _card(folder: Path, layout: str) -> None:
    """What the harness writes beside an artifact, as far as it is read here."""
    (folder / "artifact.json").write_text(json.dumps({"recipe": layout, "layout": layout}))


def _folder(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    return root / name


def family(root: Path, core: bool) -> dict[str, Any]:
    """Parents, their children, and exports, in `root`; the history of each, and what is said to bad input."""
    for name, (recipe, changes) in PARENTS.items():
        if core and name not in CORE:
            continue
        made = recipe_of(recipe)
        made.fit(TRAIN, VALIDATION, {**made.defaults, **made.smoke, **changes}, 0, _folder(root, name))
        _card(root / name, recipe)
    logs: dict[str, Any] = {} if core else _more_parents(root)
    for name, (parent, recipe, changes) in CHILDREN.items():
        if not core or name in CORE:
            logs[name] = _compress(recipe(), root, parent, name, {"learning_rate": 3e-3} | changes)
    for parent in EXPORTED:
        for precision in ("float32", "dynamic_int8", "full_int8")[: 3 if parent in EXPORTED[:3] else 1]:
            if not core or f"{parent}-{precision}" in CORE:
                _compress(Litert(), root, parent, f"{parent}-{precision}", {"precision": precision})
    return logs | {"said": attempts(root)}


def _more_parents(root: Path) -> dict[str, Any]:
    bert = {"checkpoint": str(write_checkpoint(root / "checkpoint")), "epochs": 1, "max_length": 16, "batch_size": 16}
    Tinybert().fit(TRAIN, VALIDATION, {**Tinybert.defaults, **bert}, 0, _folder(root, "tinybert"))
    _card(root / "tinybert", "tinybert")
    return {"twin_gap": _twin_gap(root / "spelled")}


def _twin_gap(folder: Path) -> float:
    """Between the probabilities of an `lstm` of two layers that reads n-grams and those of its twin, padded."""
    from bench.api import softmax
    from compression.tfmot.data import RecurrentBase

    base = RecurrentBase(folder)
    predictor: Any = load_artifact(folder)
    inputs = predictor.stages()["tokenize"](UNSEEN.texts)
    twin = softmax(base.twin(base.params, sparse=True)(list(inputs), training=False).numpy())
    return float(np.abs(twin - predictor.predict_proba(UNSEEN.texts)).max())


def _compress(recipe: Compression, root: Path, parent: str, name: str, changes: dict[str, Any]) -> Any:
    folder, params = _folder(root, name), {**recipe.defaults, **changes}
    checks = Split([], [], np.empty(0, np.int64), LABELS) if name.endswith("refit") else VALIDATION
    train = turned(TRAIN) if name.endswith("turned") else TRAIN
    log = recipe.compress([root / parent], train, checks, params, 0, folder)
    _card(folder, recipe.resolve(params).layout_of([json.loads((root / parent / "artifact.json").read_text())]))
    return {"history": log.history, "best_epoch": log.best_epoch}


def tell(root: Path) -> dict[str, Any]:
    """What every artifact says of unseen and of awkward texts, and of itself; those of LiteRT alone come first."""
    names = sorted(path.parent.name for path in root.glob("*/artifact.json"))
    lite = [name for name in names if (root / name / "model.tflite").is_file()]
    told = {name: _tell(root / name) for name in lite}
    without = [name for name in ("tensorflow", "tf_keras", "keras", "torch") if name in sys.modules]
    told |= {name: _tell(root / name) for name in names if name not in lite}
    return told | {"loaded_for_litert": without}


def _tell(folder: Path) -> dict[str, Any]:
    predictor = load_artifact(folder)
    whole = predictor.predict_proba(UNSEEN.texts)
    staged: Any = UNSEEN.texts[:20]
    for stage in predictor.stages().values():
        staged = stage(staged)
    turned = predictor.predict_proba(UNSEEN.texts[::-1])[::-1]
    return {
        "probabilities": whole.tolist(),
        "accuracy": float((whole.argmax(axis=1) == UNSEEN.labels).mean()),
        "staged_gap": float(np.abs(staged - whole[:20]).max()),
        "turned_gap": float(np.abs(turned - whole).max()),
        "awkward": predictor.predict_proba(AWKWARD).sum(axis=1).tolist(),
        "empty": list(predictor.predict_proba([]).shape),
        "truncation": astuple(predictor.truncation([" ".join(UNSEEN.texts[:n]) for n in (1, 8, 64)])),
        "said": [predictor.runtime, predictor.dtype, predictor.parameters, predictor.nonzero_parameters],
    }


def attempts(root: Path) -> dict[str, str]:
    """The message of the `BenchError` of each bad input."""
    import tensorflow as tf

    from compression.litert.convert import convert
    from compression.litert.graphs import Graph

    def unknown_operator() -> None:
        spec = tf.TensorSpec((1, 4), tf.float32, name="x")
        convert(Graph(lambda x: tf.linalg.svd(tf.reshape(x, (2, 2)))[0], [spec], []), "float32", [])

    nothing = Split([], [], np.empty(0, np.int64), LABELS)
    full = {**Litert.defaults, "precision": "full_int8"}
    qat = {**Tfmot.defaults, "method": "qat"}
    cases: dict[str, Callable[[], Any]] = {
        "qat": lambda: Tfmot().compress([root / "lstm"], TRAIN, VALIDATION, qat, 0, _folder(root, "bad-qat")),
        "calibration": lambda: Litert().compress([root / "dnn"], nothing, nothing, full, 0, _folder(root, "bad-full")),
        "operator": unknown_operator,
    }
    said = {}
    for name, case in cases.items():
        try:
            case()
        except BenchError as error:
            said[name] = str(error)
    return said


if __name__ == "__main__":
    command, where, out = sys.argv[1:]
    Path(out).write_text(json.dumps(tell(Path(where)) if command == "tell" else family(Path(where), command == "core")))
