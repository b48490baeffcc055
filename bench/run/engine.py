"""Where the phases of runs are carried out: one small interface, on this machine or elsewhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.contract import Params, ProgressListener, Ranks, Recipe, Resources
from bench.locks import Note
from bench.run.job import A, Job
from bench.run.launcher import Ended, launch
from bench.run.ranks import explained
from bench.run.turns import machine_alone, machine_shared
from bench.store import Store


@dataclass(frozen=True)
class Needs:
    """What a phase needs of the machine that carries it out."""

    resources: Resources
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of packages, by name: those that the run's key was made with."""
    source: str = ""
    """Of the recipe's code, as in that key."""
    ranks: Ranks | None = None
    """The processes that train together; None for one."""

    @classmethod
    def of(cls, recipe: Recipe, params: Params, parts: Mapping[str, str]) -> Needs:
        """Of a phase of a recipe; `parts` are those of the run's key."""
        packages = {name.partition(" ")[2]: version for name, version in parts.items() if name.startswith("package ")}
        return cls(recipe.resources(params), packages, parts.get("source", ""))


class Engine(Protocol):
    """Carries out phases, each in a fresh process of its own; how one ended is told apart alike everywhere."""

    parallel: int
    """How many runs may be under way at once."""

    def run(
        self,
        job: Job[A],
        folder: Path,
        timeout: float,
        device: str,
        needs: Needs,
        on_progress: ProgressListener | None = None,
    ) -> Ended[A]:
        """Do a job; its log, its outcome and its files lie in `folder` then."""

    def stop(self) -> None:
        """Give up what is under way, as the command ends."""

    def turn(self, store: Store, wait: Note) -> AbstractContextManager[None]:
        """Held while a run is under way, so that it keeps off where another command measures."""

    def alone(self, store: Store, wait: Note) -> AbstractContextManager[None]:
        """Held while this machine is measured: nothing else is carried out on it."""


class LocalEngine:
    """On this machine, one after another."""

    parallel = 1

    def run(
        self,
        job: Job[A],
        folder: Path,
        timeout: float,
        device: str,
        needs: Needs,
        on_progress: ProgressListener | None = None,
    ) -> Ended[A]:
        """In a worker, or ranks that share this machine, with all cores."""
        if needs.ranks and needs.ranks.nodes > 1:
            return Ended("unavailable", reason=f"nodes={needs.ranks.nodes} takes a cluster of Ray: --executor ray")
        ended = launch(job, folder, timeout, device, on_progress=on_progress, ranks=needs.ranks)
        return explained(ended, needs.ranks, [folder], [socket.gethostname()])

    def stop(self) -> None:
        """Nothing is under way: whoever would call this waits for it."""

    @contextmanager
    def turn(self, store: Store, wait: Note) -> Iterator[None]:
        """This machine, shared."""
        with machine_shared(store, wait):
            yield

    @contextmanager
    def alone(self, store: Store, wait: Note) -> Iterator[None]:
        """This machine, alone."""
        with machine_alone(store, wait):
            yield
