"""The phases of a run, each in a process of its own: `python -m tests.baselines.phases PHASE …`."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import epochs
from bench.api import BenchError, Recipe, RunContext
from tests.baselines.sentences import LABELS, log_loss, split, turned

AWKWARD = [
    "",
    " ",
    "\0",
    "😀😡",
    "\u202e\ud83d",
    "word",
    "#" * 50,
    "a\u0301" * 30,
    "x" * 100_000,
    "\\u2019 &amp; <br />",
]
ROWS = 600


class Killed(BaseException):
    """As a signal would end a training."""


def recipe_of(name: str) -> Recipe:
    """The recipe in `baselines/recipes/<name>.py`."""
    module = importlib.import_module(f"baselines.recipes.{name}")
    (found,) = (v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Recipe) and v is not Recipe)
    return found()


def fit(
    name: str,
    folder: Path,
    changes: dict[str, Any],
    seed: int = 0,
    labels: tuple[str, ...] = LABELS,
    validation_rows: int = 150,
) -> Any:
    """Train with the smoke parameters and `changes`, leave the artifact in `folder`, return its `Training`."""
    recipe = recipe_of(name)
    params = {**recipe.defaults, **recipe.smoke, **changes}
    folder.mkdir(parents=True)
    return recipe.fit(split(ROWS, 0, labels), split(validation_rows, 1, labels), params, seed, folder)


def predict(name: str, folder: Path, labels: tuple[str, ...] = LABELS) -> np.ndarray:
    """Load, and predict 300 sentences that nobody has seen."""
    return recipe_of(name).load(folder).predict_proba(split(300, 2, labels).texts)


def probe(name: str, folder: Path) -> dict[str, Any]:
    """What a predictor says of itself and does with awkward texts, as plain data."""
    predictor = recipe_of(name).load(folder)
    awkward = predictor.predict_proba(AWKWARD)
    texts = split(40, 3).texts
    staged: Any = texts
    for stage in predictor.stages().values():
        staged = stage(staged)
    whole = predictor.predict_proba(texts)
    alone = np.concatenate([predictor.predict_proba([text]) for text in texts])
    huge = predictor.predict_proba(["great film " * 1_000_000])
    return {
        "predicted": predictor.predict_proba(split(300, 2).texts).tolist(),
        "validation": predictor.predict_proba(split(150, 1).texts).tolist(),
        "awkward": awkward.tolist(),
        "dtype": str(awkward.dtype),
        "empty": list(predictor.predict_proba([]).shape),
        "stages": list(predictor.stages()),
        "staged_gap": float(np.abs(np.asarray(staged) - whole).max()) if predictor.stages() else 0.0,
        "alone_gap": float(np.abs(alone - whole).max()),
        "huge": huge.tolist(),
        "parameters": [predictor.parameters, predictor.nonzero_parameters],
        "runtime": predictor.runtime,
        "modules": [name for name in ("tensorflow", "sklearn", "torch") if name in sys.modules],
    }


def network(folder: Path) -> np.ndarray:
    """What the Keras network of a `static` artifact says of the validation texts: the table must say the same."""
    from baselines import convolution
    from baselines.artifact import load_artifact
    from baselines.lookup import spelling_span
    from baselines.sequences import pad
    from baselines.subwords import hashed
    from baselines.words import Numbers, Reader
    from bench.api import softmax

    config, weights = load_artifact(folder)
    params, known = config["params"], json.loads((folder / "vocabulary.json").read_text())
    numbers = Numbers(known)
    ids = pad([*map(Reader(config["normalization"], params["max_length"], numbers), split(150, 1).texts)])
    table = hashed([*known, *numbers.unknown], spelling_span(params), params["ngram_buckets"])
    table[:2] = 0
    model = convolution.build_convolution(len(known), len(config["label_names"]), params)
    for weight in model.weights:
        weight.assign(weights[weight.path])
    return softmax(model([np.where(ids < len(known), ids, 1), table[ids]], training=False).numpy())


def chosen(folder: Path, names: list[str]) -> dict[str, Any]:
    """Trained while validation calls wrong what training teaches: the log, and the loss of what was kept."""
    checks, told = turned(split(150, 1)), {}
    for name in names:
        recipe = recipe_of(name)
        params = {**recipe.defaults, **recipe.smoke, "label_smoothing": 0.0, "epochs": 4}
        (folder / name).mkdir(parents=True)
        log = recipe.fit(split(ROWS // 2, 0), checks, params, 0, folder / name)
        loss = log_loss(checks, recipe.load(folder / name).predict_proba(checks.texts))
        told[name] = {"history": log.history, "best_epoch": log.best_epoch, "kept_loss": loss}
    return told


def resume(folder: Path, names: list[str], kill_at: int = 37) -> dict[str, Any]:
    """Each trained unbroken, then killed at that step of its second epoch and begun anew: what both tell and leave."""
    epochs.PROGRESS_SECONDS = epochs.CHECKPOINT_SECONDS = 0.0
    told = {}

    def kill(done: float, *unused: Any) -> None:
        if done == kill_at:
            raise Killed

    for name in names:
        recipe, seen, work = recipe_of(name), list[tuple[float, set[str]]](), folder / name / "work"
        params = {**recipe.defaults, **recipe.smoke, "epochs": 3, "ema": 0.9 if name == "dnn" else 0.0}

        def fit(out: str, context: RunContext, name: str = name, params: dict[str, Any] = params) -> Any:
            (folder / name / out).mkdir(parents=True)
            return recipe_of(name).fit(split(400, 0), split(60, 1), params, 0, folder / name / out, context)

        unbroken = fit("unbroken", RunContext())
        try:
            fit("killed", RunContext(checkpoint=work, listener=kill))
        except Killed:
            stored = [path.name for path in work.iterdir()]
        listener = lambda done, total, values, seen=seen: seen.append((done, set(values)))  # noqa: E731
        resumed = fit("resumed", RunContext(checkpoint=work, listener=listener))
        told[name] = {
            "histories": [unbroken.history, resumed.history],
            "best_epochs": [unbroken.best_epoch, resumed.best_epoch],
            "first_step": seen[0][0],
            "told": sorted(seen[0][1]),
            "stored": stored,
        }
    return told


def fit_all(root: Path, seed: int, names: Sequence[str]) -> dict[str, Any]:
    """Each recipe trained into the folder of its name, and its predictions beside it; what the trainings tell."""
    return {name: fitted(name, root / name, {}, seed) for name in names}


def fitted(
    name: str, folder: Path, changes: dict[str, Any], seed: int = 0, validation_rows: int = 150
) -> dict[str, Any]:
    """Train; predictions beside the artifact; what the training tells."""
    log = fit(name, folder, changes, seed, validation_rows=validation_rows)
    np.save(folder.with_suffix(".npy"), predict(name, folder))
    return dataclasses.asdict(log)


def attempts(folder: Path, cases: list[list[Any]]) -> list[str]:
    """The message of the `BenchError` of each (recipe, params) case; "trained" where there was none."""
    said = []
    for number, (name, changes) in enumerate(cases):
        try:
            fit(name, folder / str(number), changes)
            said.append("trained")
        except BenchError as error:
            said.append(str(error))
    return said


def main(command: str, *arguments: str) -> None:
    """Run one phase; print what it found as one JSON line."""
    if command == "fit":
        name, folder, changes, seed = arguments
        print(json.dumps(fitted(name, Path(folder), json.loads(changes), int(seed))))
    elif command == "refit":
        name, folder, changes = arguments
        print(json.dumps(fitted(name, Path(folder), json.loads(changes), validation_rows=0)))
    elif command == "fit_all":
        print(json.dumps(fit_all(Path(arguments[0]), int(arguments[1]), arguments[2:])))
    elif command == "probe_all":
        root, *names = arguments
        print(json.dumps({name: probe(name, Path(root) / name) for name in names}))
    elif command == "network":
        np.save(arguments[1], network(Path(arguments[0])))
    elif command == "chosen":
        print(json.dumps(chosen(Path(arguments[0]), list(arguments[1:]))))
    elif command == "resume":
        print(json.dumps(resume(Path(arguments[0]), list(arguments[1:]))))
    elif command == "probe":
        print(json.dumps(probe(arguments[0], Path(arguments[1]))))
    else:
        print(json.dumps(attempts(Path(arguments[0]), json.loads(arguments[1]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
