"""Scoring many files on Ray Data: a file goes to one of several workers, each of which has the model loaded once."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

from bench.data import Reading
from bench.data.containers import COMPRESSIONS
from bench.errors import BenchError, one_line
from bench.ray_session import ray_session
from bench.run.core_set import core_set
from bench.run.launcher import node_variables
from bench.stores import open_store
from serving.answering import Answering
from serving.batch import Count, Job, score
from serving.collector import freeze_loaded
from serving.live_model import served
from serving.places import Found, Place, bring, exists, listed, put, read, write
from serving.scored import FORMATS
from serving.trust import Trust

DONE = "_scored"
"""The folder of the output in which each file that is whole has a note of what it was made of."""


@dataclass(frozen=True)
class ServedModel:
    """Which model a worker loads."""

    name: str
    store: Path
    allow_code: bool
    hash: str = ""
    """Of its content, once it is known: each worker has the same."""


@dataclass(frozen=True)
class Request:
    """Which files, where to, and how they are read and answered."""

    source: str
    """A path, a folder, a pattern or a URL."""
    target: str
    """A folder, or a URL."""
    kind: str | None
    target_kind: str | None
    """None: each as its input where that is written, else JSON lines."""
    reading: Reading
    overwrite: bool
    answering: Answering


@dataclass(frozen=True)
class Task:
    """One file."""

    source: Found
    target: Place
    note: Place
    """Of `DONE`."""
    target_kind: str


@dataclass(frozen=True)
class Scored:
    """A file that was scored, or could not be."""

    name: str
    rows: int
    bad: int
    """Rows with a problem."""
    before: bool = False
    """Whether an earlier call has scored it."""
    problem: str | None = None


def score_files(
    request: Request, model: ServedModel, workers: int | None, address: str | None
) -> Iterator[tuple[int, Scored]]:
    """Score each file; yields how many there are, and one that is done, in the order in which they end.

    A file of which an earlier call has left a note, of the same model and options, is not scored again. A worker that
    is lost has its file scored again by another. Raises `BenchError` where nothing can begin.
    """
    trust = Trust(open_store(model.store), model.allow_code)
    model = replace(model, hash=served(model.name, trust, request.answering.calibrated).hash)
    tasks = _tasks(request)
    before = [scored for task in tasks if (scored := _before(task, request, model)) is not None]
    for scored in before:
        yield len(tasks), scored
    names = {scored.name for scored in before}
    due = [task for task in tasks if task.source.place.name not in names]
    for task in due:
        if not request.overwrite and exists(task.target):
            raise BenchError(f"{task.target} is there already, of other texts, another model or other options: "
                             "--overwrite replaces it, or choose another --output")  # fmt: skip
    if not due:
        return
    with ray_session(address, "--engine ray") as ray:
        yield from ((len(tasks), scored) for scored in _on_ray(ray, due, request, model, workers))


def _tasks(request: Request) -> list[Task]:
    target, tasks = Place.of(request.target), dict[str, Task]()
    for found in listed(request.source):
        stem, kind = _named(found.place.name)
        written = request.target_kind or (kind if kind in FORMATS else "jsonl")
        name = f"{stem}.{written}"
        if name in tasks:
            raise BenchError(f"{tasks[name].source.place} and {found.place} would both become {name}: score them apart")
        tasks[name] = Task(found, target.file(name), target.file(f"{DONE}/{name}.json"), written)
    return list(tasks.values())


def _named(name: str) -> tuple[str, str]:
    """`a/b` and `csv` of `a/b.csv.gz`."""
    path = PurePosixPath(name)
    path = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
    return str(path.with_suffix("")), path.suffix.lower().lstrip(".")


def _made_of(task: Task, request: Request, model: ServedModel) -> dict[str, Any]:
    """All that decides what the output holds."""
    return {
        "artifact": model.hash, "source": str(task.source.place), "size": task.source.size,
        "changed": task.source.changed, "format": request.kind, "reading": request.reading.model_dump(mode="json"),
        "answering": asdict(request.answering),
    }  # fmt: skip


def _before(task: Task, request: Request, model: ServedModel) -> Scored | None:
    """What an earlier call has left, None where it is something else."""
    try:
        note = json.loads(read(task.note) or b"null")
    except ValueError:
        return None
    if not isinstance(note, dict) or not exists(task.target):
        return None
    rows, bad = note.pop("rows", 0), note.pop("bad", 0)
    return Scored(task.source.place.name, rows, bad, before=True) if note == _made_of(task, request, model) else None


def _on_ray(
    ray: Any, due: Sequence[Task], request: Request, model: ServedModel, workers: int | None
) -> Iterator[Scored]:
    from ray.data import DataContext, from_items

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.memory_usage_poll_interval_s = None  # else a thread a task, of whose figures none is read here
    count = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(due))
    scored = from_items([{"task": task} for task in due], override_num_blocks=len(due)).map(
        cast(Any, Worker), fn_constructor_args=(request, model), concurrency=count, num_cpus=1,
        runtime_env={"env_vars": node_variables()},
    )  # fmt: skip
    try:
        for row in scored.iter_rows():
            yield row["scored"]
    except ray.exceptions.RayError as error:
        raise BenchError(f"--engine ray: {one_line(error)}; what is whole stays, the same command goes on") from None


class Worker:
    """Loads the model; scores one file after another, each as `serving predict` does here, with a core of its own."""

    def __init__(self, request: Request, model: ServedModel) -> None:
        self._kept = ExitStack()
        self._kept.enter_context(core_set(1))
        self._request = request
        self._made_of = model
        trust = Trust(open_store(model.store), model.allow_code)
        self._model = served(model.name, trust, request.answering.calibrated)
        freeze_loaded()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """`task` to `scored`; what is wrong with a file is its own problem."""
        task: Task = row["task"]
        try:
            count = self._score(task)
            scored = Scored(task.source.place.name, count.rows, count.bad)
        except BenchError as error:
            scored = Scored(task.source.place.name, 0, 0, problem=str(error))
        return {"scored": scored}

    def _score(self, task: Task) -> Count:
        if self._model.hash != self._made_of.hash:
            raise BenchError(f"the model {self._made_of.name} is another one here than where the command runs")
        request = self._request
        with tempfile.TemporaryDirectory(prefix="sentibench-") as folder:
            (Path(folder) / "in").mkdir()
            target = task.target.local or Path(folder) / PurePosixPath(task.target.name).name
            source = bring(task.source.place, Path(folder) / "in")
            job = Job(source, target, request.kind, task.target_kind, request.reading, True, request.answering)
            count = score(job, self._model, lambda count: None)
            if task.target.local is None:
                put(target, task.target)
        made_of = _made_of(task, request, self._made_of)
        write(task.note, json.dumps(made_of | {"rows": count.rows, "bad": count.bad}, indent=1).encode())
        return count
