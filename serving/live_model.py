"""The model that answers now: of an artifact always the same, of a slot the one that its pointer names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.api import BenchError
from serving.model import Model, is_path, open_folder, open_model
from serving.slot import Slot, is_slot
from serving.trust import Trust

EVERY_S = 0.25
"""How often a slot's pointer is looked at."""


@dataclass(frozen=True)
class Swap:
    """A model that was put in the place of another, or could not be."""

    version: str
    problem: str | None = None
    """Why the old model goes on answering."""

    def summary(self) -> str:
        """In one line."""
        return f"model {self.version[:12]}: {self.problem or 'answers from here on'}"


OnSwap = Callable[[Swap], None]


class LiveModel:
    """`current()` before each batch gives the model to use for all of it.

    A new version is loaded and warmed by a thread beside the old one, which answers until then; the old one is freed
    with its last batch. A version that cannot be loaded changes nothing; `on_swap` is called for it, once.
    """

    def __init__(self, model: Model, slot: Slot | None, trust: Trust, on_swap: OnSwap | None = None) -> None:
        """The next versions are calibrated where `model` is."""
        self._model, self._slot, self._trust, self._on_swap = model, slot, trust, on_swap
        self._stopped = threading.Event()
        self._failed: str | None = None
        if slot is not None:
            threading.Thread(target=self._run, args=(slot,), name="following", daemon=True).start()

    def current(self) -> Model:
        """The model to answer with; never waits."""
        return self._model

    def on_swap(self, call: OnSwap) -> None:
        """`call` is called, from the loading thread, for every swap to come."""
        self._on_swap = call

    def close(self) -> None:
        """Follow no longer."""
        self._stopped.set()

    def _run(self, slot: Slot) -> None:
        while not self._stopped.wait(EVERY_S):
            try:
                version = slot.current()
            except BenchError as error:
                self._fail(Swap("", str(error)))
                continue
            if version not in (self._model.hash, self._failed):
                self._swap(slot, version)
            elif version == self._model.hash:
                self._failed = None  # a version that failed may be repaired and pointed at again

    def _swap(self, slot: Slot, version: str) -> None:
        try:
            model = open_folder(slot.folder(version), version, self._trust)
            if model.labels != self._model.labels:
                raise BenchError(f"version {version[:12]} has other labels")
            model = model.calibrated(self._trust.store) if self._model.confidence else model
            model.predictor.predict_proba(["warm", "up"])
        except Exception as error:  # whatever is wrong with it, the old model goes on
            self._fail(Swap(version, " ".join(str(error).split())[:300] or type(error).__name__))
            return
        self._failed, self._model = None, model
        if self._on_swap is not None:
            self._on_swap(Swap(version))

    def _fail(self, swap: Swap) -> None:
        """Report a failure, the same one once only."""
        if swap.version != self._failed and self._on_swap is not None:
            self._on_swap(swap)
        self._failed = swap.version


def served(name: str, trust: Trust, calibrated: bool = False) -> Model:
    """The model that the slot in a folder serves now, or an artifact by run, hash or path; errors as `open_model`.

    `calibrated`: with what `bench confidence` has fitted for it in the store.
    """
    slot = _slot(name)
    if slot is None:
        model = open_model(name, trust)
    else:
        version = slot.current()
        model = open_folder(slot.folder(version), version, trust)
    return model.calibrated(trust.store) if calibrated else model


def follow(name: str, trust: Trust, on_swap: OnSwap | None = None, calibrated: bool = False) -> LiveModel:
    """What `served` finds and, if it is a slot, what it will serve from then on; the swaps go to `on_swap`."""
    return LiveModel(served(name, trust, calibrated), _slot(name), trust, on_swap)


def _slot(name: str) -> Slot | None:
    return Slot.open(Path(name)) if is_path(name) and is_slot(Path(name)) else None
