"""`bench submit`: a suite as jobs of a cluster's scheduler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import DataDir, StoreOption, suites
from bench.commands.run import DeviceChoice, Measure, Seeds, from_suite
from bench.errors import BenchError, one_line

MOST_TASKS = 32
"""Of an array, where none are given: others wait for the cluster, too."""


def submit(
    suite: Annotated[
        str,
        typer.Argument(autocompletion=suites, help="A suite's name (`bench list suites`) or the path of a YAML file."),
    ],
    slurm: Annotated[bool, typer.Option("--slurm", help="Write the scripts of SLURM jobs.")] = False,
    seeds: Seeds = None,
    measure: Annotated[Measure | None, typer.Option(help="Whose speed to measure, as of `bench run`.")] = None,
    tasks: Annotated[
        int | None,
        typer.Option(help=f"Tasks of the array; else one a run, {MOST_TASKS} at most.", min=1),
    ] = None,
    cpus: Annotated[int | None, typer.Option(help="Cores of a task, not what recipes declare.", min=1)] = None,
    memory_gb: Annotated[float | None, typer.Option(help="Memory of a task, likewise.", min=0.1)] = None,
    hours: Annotated[float, typer.Option(help="The time limit of a job.", min=0.1)] = 24.0,
    partition: Annotated[str | None, typer.Option(help="The partition, not the default one.")] = None,
    device: Annotated[DeviceChoice, typer.Option(help="What to train on; `gpu` asks for them.")] = DeviceChoice.auto,
    out: Annotated[Path, typer.Option(help="The folder of the scripts.")] = Path("slurm"),
    data_dir: DataDir = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Write an array job whose tasks share a store, and one that measures alone afterwards; start them with submit.sh.

    [dim]python -m bench submit standard --slurm --store /shared/store[/]
    """
    from dataclasses import replace

    from bench.slurm import Jobs, resources_of, write_jobs
    from bench.stores import place_of

    if not slurm:
        raise BenchError("which scheduler? --slurm is the one that is known")
    specs, _, _ = from_suite(suite, seeds, measure, None, data_dir, None, store)
    arguments = [str(Path(suite).resolve()) if Path(suite).exists() else suite, "--store", place_of(store)]
    arguments += ["--device", device.value]
    arguments += ["--seeds", seeds] if seeds else []
    arguments += ["--data-dir", str(data_dir.resolve())] if data_dir else []
    resources = resources_of(specs, device.value)
    resources = replace(resources, cpus=cpus or resources.cpus, memory_gb=memory_gb or resources.memory_gb)
    measured = measure is not Measure.none and any(spec.measured for spec in specs)
    jobs = Jobs(
        f"sentibench-{Path(suite).stem}", arguments, tasks or min(len(specs), MOST_TASKS), resources, hours, partition,
        Path(sys.executable), Path.cwd(), [] if measure is None else ["--measure", measure.value], measured,
    )  # fmt: skip
    written = write_jobs(jobs, out)
    _test([path for path in written if path.suffix == ".sbatch"])
    print("\n".join(map(str, written)))
    print(f"start them: bash {out / 'submit.sh'}")


def _test(scripts: list[Path]) -> None:
    """Have SLURM look at them, where it is installed."""
    sbatch = shutil.which("sbatch")
    for script in scripts if sbatch else ():
        tested = subprocess.run(
            [str(sbatch), "--test-only", script.name], cwd=script.parent, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if tested.returncode:
            raise BenchError(f"{script}: sbatch refuses it: {one_line(tested.stderr)}")
