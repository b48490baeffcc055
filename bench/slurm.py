"""A suite as jobs of SLURM: an array whose tasks share a store, and one that measures alone when they have ended."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contract import Resources
from bench.durable import write_atomic
from bench.registry import ROOT, load_recipe
from bench.spec import RunSpec


@dataclass(frozen=True)
class Jobs:
    """What the jobs run, and what they ask for."""

    name: str
    arguments: Sequence[str]
    """Of `bench run`, but for what to measure."""
    tasks: int
    resources: Resources
    hours: float
    partition: str | None
    python: Path
    folder: Path
    """Where they are submitted from, and relative paths begin."""
    measure: Sequence[str]
    """The option of `bench run` that says what to measure, if one was given."""
    measured: bool


def resources_of(specs: Sequence[RunSpec], device: str) -> Resources:
    """The most that any of the runs declares; GPUs only where they are asked for."""
    recipes = [(load_recipe(spec.recipe), spec.params) for spec in specs]
    each = [recipe.resources(params).on_a_node(recipe.resolve(params).ranks) for recipe, params in recipes]
    gpus = max(one.gpus for one in each) if device == "gpu" else 0
    return Resources(max(one.cpus for one in each), gpus, max(one.memory_gb for one in each))


def write_jobs(jobs: Jobs, out: Path) -> list[Path]:
    """The scripts in `out`: `runs.sbatch`, `measure.sbatch` where there is something to measure, `submit.sh`."""
    texts = {"runs.sbatch": runs_script(jobs), "submit.sh": submit_script(jobs)}
    if jobs.measured:
        texts["measure.sbatch"] = measure_script(jobs)
    for name, text in texts.items():
        write_atomic(out / name, text.encode())
    return [out / name for name in texts]


def runs_script(jobs: Jobs) -> str:
    """An array: every task is the same command, and takes what no other has claimed."""
    asked = _asked(jobs) | {"job-name": jobs.name, "array": f"1-{jobs.tasks}", "output": "%x-%A-%a.log"}
    return _script(jobs, asked, [*jobs.arguments, "--measure", "none"])


def measure_script(jobs: Jobs) -> str:
    """A node alone: what is missing is run, and all is timed in one session."""
    asked = _asked(jobs) | {"job-name": f"{jobs.name}-measure", "output": "%x-%j.log", "exclusive": None}
    return _script(jobs, asked, [*jobs.arguments, *jobs.measure])


def submit_script(jobs: Jobs) -> str:
    """What is started on the login node, whatever the folder."""
    lines = ["#!/bin/bash", "set -euo pipefail", 'cd "$(dirname "$0")"', "runs=$(sbatch --parsable runs.sbatch)"]
    lines += ['echo "runs: job $runs"']
    if jobs.measured:
        lines += [
            'measure=$(sbatch --parsable --dependency="afterany:${runs%%;*}" measure.sbatch)',
            'echo "measuring: job $measure, when they have ended"',
        ]
    return "\n".join(lines) + "\n"


def _asked(jobs: Jobs) -> dict[str, str | None]:
    resources = jobs.resources
    minutes = max(1, round(jobs.hours * 60))
    asked: dict[str, str | None] = {
        "nodes": "1", "ntasks": "1", "cpus-per-task": str(resources.cpus),
        "mem": f"{max(1, round(resources.memory_gb * 1000))}M", "time": f"{minutes // 60}:{minutes % 60:02d}:00",
    }  # fmt: skip
    asked |= {"gpus-per-node": str(resources.gpus)} if resources.gpus else {}
    return asked | ({"partition": jobs.partition} if jobs.partition else {})


def _script(jobs: Jobs, asked: Mapping[str, str | None], arguments: Sequence[str]) -> str:
    options = [f"#SBATCH --{name}" + ("" if value is None else f"={value}") for name, value in asked.items()]
    command = shlex.join([str(jobs.python), "-m", "bench", "run", *arguments])
    lines = ["#!/bin/bash", *options, "set -euo pipefail", f"cd {shlex.quote(str(jobs.folder))}"]
    return "\n".join([*lines, f"export PYTHONPATH={shlex.quote(str(ROOT))}", f"exec srun {command}"]) + "\n"
