"""`bench compress`: smaller children of a run inside bounds of size, latency and accuracy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bench.commands.options import DataDir, ExecutorChoice, ExecutorOption, RayAddress, StoreOption, check_executor
from bench.commands.run import DeviceChoice

MAX_DROP = 0.01
"""Where neither a largest drop nor a least score is named."""


def compress(
    run: Annotated[str, typer.Argument(help="The stored run to make smaller.")],
    target: Annotated[
        str, typer.Option(help="Bounds of size, p50, p95, memory, throughput and scores: 'size<=10MB, p95<=3ms'.")
    ],
    max_drop: Annotated[
        float | None,
        typer.Option(
            help="What may be lost of the set's metric on validation; 0.01, or any where --target has a score."
        ),
    ] = None,
    steps: Annotated[
        str, typer.Option(help="Compressions in their order; what stands in brackets is fixed, the rest searched.")
    ] = "prune,quantize",
    trials: Annotated[int, typer.Option(help="Chains to try, over all calls.", min=1)] = 20,
    minutes: Annotated[
        float | None,
        typer.Option(help="Begin no other chain after so many; the one under way ends.", min=0.05),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the suggestions.")] = 0,
    timeout: Annotated[float, typer.Option(help="Seconds that one phase of one step may take.", min=1)] = 6 * 3600.0,
    device: Annotated[DeviceChoice, typer.Option(help="What to train on.")] = DeviceChoice.auto,
    data_dir: DataDir = None,
    executor: ExecutorOption = ExecutorChoice.local,
    ray_address: RayAddress = None,
    store: StoreOption = Path(".sentibench"),
) -> None:
    """Search chains of compressions on validation, then run the Pareto set; the same command again resumes.

    Score, size and latency are searched together; a step may be left out. A drop, and a least score, must be shown on
    validation in a one-sided test at 5 %. Exit code 1: nothing keeps to the bounds.

    [dim]python -m bench compress finetune-emotions-s0-3f2a81c09b --target "size<=10MB, p50<=3ms" --max-drop 0.01[/]

    [dim]python -m bench compress RUN --target "throughput>=2000/s, memory<=400MB, macro_f1>=0.85"[/]

    [dim]python -m bench compress RUN --steps 'distill\\[student=tweets-tiny],quantize' --target size<=2MB --trials 8[/]
    """
    from bench.commands.search import check_installed

    check_executor(executor, ray_address)
    check_installed()
    from rich.console import Console

    from bench.run.suite import RunOptions
    from bench.search.chains import parse_steps
    from bench.search.compress import Compress, CompressOptions
    from bench.search.targets import parse_targets

    targets = parse_targets(target)
    if max_drop is None and not targets.scores:
        max_drop = MAX_DROP
    options = CompressOptions(
        run, parse_steps(steps), targets, max_drop, trials, seed, data_dir,
        RunOptions(store, "reuse", device.value, timeout, executor=executor.value, ray_address=ray_address),
        minutes,
    )  # fmt: skip
    raise typer.Exit(Compress(options, Console(width=None if sys.stdout.isatty() else 140)).run())
