"""The artifact that is served: found, checked, loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.api import BenchError, Card, Predictor, Probabilities, load_artifact, read_card
from bench.artifact import folder_hash
from bench.confidence.storage import CONFIDENCE, Confidence
from bench.foreign import compiled_code
from bench.machine import cores
from bench.requirements import install_command
from bench.run.launcher import worker_environment
from bench.store import Store
from serving.trust import Trust

NEWEST = 1
"""The artifact version that this software reads."""
HASH = re.compile("[0-9a-f]{8,64}")
"""What an artifact is named by: the beginning of its hash, or all of it."""


@dataclass(frozen=True)
class Model:
    """A loaded artifact with its card."""

    folder: Path
    hash: str
    card: Card
    predictor: Predictor
    confidence: Confidence | None = None
    """What `bench confidence` has fitted for it, where that is to be used."""

    @property
    def labels(self) -> list[str]:
        """In the order of the probabilities."""
        return list(self.card["label_names"])

    @property
    def thresholds(self) -> list[float]:
        """From which probability a text has each label; none of a model of one label a text."""
        return list(self.card.get("thresholds", []))

    @property
    def compiled(self) -> list[str]:
        """The files of it that are compiled code."""
        return list(self.card.get("compiled_code", []))

    def score(self, texts: Sequence[str]) -> Scored:
        """Its predictions on texts, calibrated where it has a `confidence`."""
        probabilities = self.predictor.predict_proba(texts)
        if self.confidence is not None and len(probabilities):
            probabilities = self.confidence.fitted.calibration(probabilities)
        return Scored(self, probabilities)

    def calibrated(self, store: Store) -> Model:
        """With what the store has fitted for it; a `BenchError` that says how to make that where there is nothing."""
        confidence = CONFIDENCE.read(store.root / CONFIDENCE.folder / f"{self.hash}.json")
        if confidence.fitted.label_names != self.labels:
            raise BenchError(f"what was fitted for artifact {self.hash[:12]} has other labels")
        return replace(self, confidence=confidence)


@dataclass(frozen=True)
class Scored:
    """Probabilities float32 [n_texts, n_labels], and the model that gave them."""

    model: Model
    probabilities: Probabilities

    def __getitem__(self, rows: slice) -> Scored:
        """Of these texts alone."""
        return Scored(self.model, self.probabilities[rows])


def need_one_label(card: Card, what: str) -> None:
    """A `BenchError` for a model of several labels a text, which `what` does not answer with."""
    if card.get("thresholds"):
        raise BenchError(f"{what} answers with one label a text, and this model with several: predict and http do")


def find_artifact(name: str, store: Store) -> tuple[Path, str | None]:
    """The folder of an artifact by its run or its hash in the store, or by its path, and the hash that it must have.

    A path has a separator: a folder of the working directory that is called like a run is never taken for it.
    """
    if is_path(name):
        return Path(name), None
    result = store.find(name)
    if result is not None and result.identity.artifact is None:
        raise BenchError(f"run {name} ended as {result.outcome.status} and left no artifact")
    digits = str(result.identity.artifact) if result is not None else name
    names = store.artifact_names(digits) if HASH.fullmatch(digits) else []
    if len(names) == 1:
        return store.artifact(names[0]), names[0]
    if result is not None:
        raise BenchError(f"the artifact of run {name} is not in {store.place}: train that run again")
    hint = f"the folder is ./{name}" if Path(name).is_dir() else "`python -m bench list runs` names the runs"
    raise BenchError(f"no run or artifact '{name}' in the store {store.place}: {hint}")


def is_path(name: str) -> bool:
    """Whether what the user names is a path: it has a separator, or is a folder's name for itself or its parent."""
    return "/" in name or os.sep in name or name in (".", "..")


def open_model(name: str, trust: Trust) -> Model:
    """Find, verify and load; each way in which that can fail is a one-line `BenchError`."""
    return open_folder(*find_artifact(name, trust.store), trust)


def open_folder(folder: Path, expected: str | None, trust: Trust) -> Model:
    """Verify the artifact in a folder, by its `expected` hash if there is one, and load it.

    Compiled code in it is loaded where `trust` allows it, whatever the card states; the model's card names its files.
    """
    content = folder_hash(folder)
    if expected is not None and content != expected:
        raise BenchError(f"artifact {folder} is altered: its content is {content[:12]}…; train the run again")
    card = read_card(folder)
    if card.get("artifact_version", 0) > NEWEST:
        raise BenchError(f"artifact {folder} is of version {card['artifact_version']}, newer than {NEWEST}: upgrade")
    card.pop("compiled_code", None)  # what its files are counts, not what the card states
    if code := compiled_code(folder):
        trust.check(folder, content, code)
        card["compiled_code"] = code
    for name, value in worker_environment("auto", cores()).items():  # runtimes read it when they are loaded
        if name not in ("PYTHONPATH", "PYTHONHASHSEED"):
            os.environ.setdefault(name, value)  # the user's own settings stay
    try:
        predictor = load_artifact(folder)
        predictor.predict_proba(["a first text"])  # a runtime may be imported as late as here
    except ImportError as error:
        missing = (error.name or str(error)).partition(".")[0]
        raise BenchError(f"this artifact runs on '{missing}': {install_command(missing)}") from None
    except BenchError:
        raise
    except Exception as error:  # each runtime has errors of its own for a file that is missing, cut or no model
        details = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise BenchError(f"artifact {folder} cannot be loaded: {details}") from None
    return Model(folder, content, card, predictor)
