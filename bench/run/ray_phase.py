"""What a Ray task does: one phase of a run in a fresh process, on whichever node it lands."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.contract import Ranks
from bench.durable import write_atomic
from bench.errors import BenchError, one_line
from bench.machine import device_class, package_version
from bench.registry import load_recipe
from bench.run.core_set import core_set
from bench.run.job import Answer, Job, TrainJob
from bench.run.keys import source_part
from bench.run.launcher import HERE, Ended, Node, StopWorker, launch
from bench.run.ranks import explained
from bench.run.turns import machine_shared
from bench.store import Store

PROGRESS, STOP = "progress.json", "stop"
"""In a phase's folder: how far it is, and why the driver wants it to end."""


@dataclass(frozen=True)
class Task:
    """A phase with all that its node must know and have."""

    job: Job[Any]
    folder: Path
    cwd: Path
    """Where the command was started: relative paths of the user begin there."""
    store: Path
    timeout: float
    device: str
    threads: int
    ranks: Ranks | None
    versions: Mapping[str, str]
    """Of packages and of Python, as the driver has them."""
    source: str
    """Of the recipe's code, likewise."""
    device_class: str
    """What a training lands on where the driver runs: it is part of the run's key."""
    node: Node = HERE
    """Of several that train together."""


def carry_out(task: Task) -> Ended[Answer]:
    """Do it; again from its beginning, or its checkpoint, where a node that is lost had begun it.

    Of several nodes that train together, the driver clears their folders before any of them begins.
    """
    together = task.ranks is not None and task.ranks.nodes > 1
    if task.cwd.is_dir():
        os.chdir(task.cwd)
    if reason := unfit(task):
        return Ended("unavailable", reason=f"node {socket.gethostname()}: {reason}")
    if not together:
        clear(task)
    with machine_shared(Store(task.store), lambda line: None), core_set(task.threads):
        progress = _Progress(task.folder)
        ended = launch(task.job, task.folder, task.timeout, task.device, task.threads, progress, task.ranks, task.node)
    return ended if together else explained(ended, task.ranks, [task.folder], [socket.gethostname()])


def clear(task: Task) -> None:
    """Remove what a node that was lost has left."""
    shutil.rmtree(task.folder, ignore_errors=True)
    if isinstance(task.job, TrainJob):
        shutil.rmtree(task.job.artifact, ignore_errors=True)


def unfit(task: Task) -> str | None:
    """Why this node cannot do it, in one line; None where it can."""
    if not task.store.is_dir():
        return f"there is no {task.store}; the nodes must see the store at the same path, as on a shared folder"
    for name, version in task.versions.items():
        here = platform.python_version() if name == "python" else package_version(name) or "missing"
        if here != version:
            return f"it has {name} {here}, and the run is for {name} {version}; install the same on all nodes"
    if isinstance(task.job, TrainJob) and (reason := _other_recipe(task.job, task.source)):
        return reason
    if task.device != "cpu" and (here := device_class(task.device)) != task.device_class:
        return f"it trains on {here}, and the command runs where {task.device_class} is used; give --device cpu"
    return None


def _other_recipe(job: TrainJob, source: str) -> str | None:
    """Why this node would train another thing; None where it would not."""
    try:
        recipe = load_recipe(job.recipe)
        resolved = recipe.resolve(job.params)
    except (BenchError, OSError) as error:
        return one_line(error)
    missing = [str(path) for path in resolved.paths.values() if not path.exists()]
    if missing:
        return f"there is no {missing[0]}, which a parameter names; the nodes must see it at the same path"
    if source_part(recipe, resolved) != source:
        return f"its code of the recipe '{job.recipe}' is another one; install the same version on all nodes"
    return None


class _Progress:
    """Left in a file for the driver, twice a second at most; what the driver leaves there ends the phase."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._next = folder, 0.0

    def __call__(self, done: float, total: float, values: Mapping[str, float]) -> None:
        if (self._folder / STOP).exists():
            raise StopWorker((self._folder / STOP).read_text())
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 0.5
            report = {"done": done, "total": total, "values": dict(values)}
            write_atomic(self._folder / PROGRESS, json.dumps(report).encode())
