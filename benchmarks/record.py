"""Runs benchmarks and keeps what they said, with machine, time and load, for the page that `make docs` writes of them.

    python -m benchmarks.record report_page 10 1000
    python -m benchmarks.record peer_litserve RUN + finetune_throughput --rows 800

Those with a plus between them are of one session. Each result lies in `benchmarks/results/`, one file a benchmark and
its arguments; the last one taken stands.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from pydantic import BaseModel

from bench.git import git_state
from bench.machine import cores, cpu_flags, cpu_model, ram_gb
from bench.measure.load import OtherLoad

RESULTS = Path(__file__).with_name("results")
LOOK_SECONDS = 2.0


class Record(BaseModel):
    """What one benchmark said."""

    benchmark: str
    arguments: list[str]
    taken_at: str | None
    """UTC; None for what was noted by hand before there were records."""
    session: str | None = None
    """When the first of those that were taken in one go began, UTC; None for one taken alone."""
    machine: str
    other_load: float | None
    """Cores that others kept busy in the seconds before."""
    commit: str | None
    said: list[str]
    """Its lines, some of them tables in Markdown."""
    note: str = ""
    """What must be known to read them."""


def machine() -> str:
    """Processor, cores, memory and the instruction sets that matter, in a line."""
    return f"{cores()} cores of {cpu_model()}, {ram_gb():.0f} GiB; {', '.join(cpu_flags()) or 'no vector extensions'}"


def record(benchmark: str, arguments: list[str], session: str | None = None) -> Record:
    """Run it in a process of its own, its lines shown as they come. A `SystemExit` with its code where it fails."""
    meter, taken_at = OtherLoad(), datetime.now(UTC).isoformat(timespec="seconds")
    time.sleep(LOOK_SECONDS)
    load = meter.cores()
    command = [sys.executable, "-m", f"benchmarks.{benchmark}", *arguments]
    said: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line.rstrip())
    if process.returncode:
        raise SystemExit(process.returncode)
    return Record(
        benchmark=benchmark, arguments=[Path(a).name for a in arguments], taken_at=taken_at, session=session,
        machine=machine(), other_load=load, commit=git_state()[0], said=said,
    )  # fmt: skip


def main() -> None:
    words = sys.argv[1:] or ["--help"]
    if words[0].startswith("-"):
        print(__doc__)
        return
    commands = [list(of) for plus, of in groupby(words, lambda word: word == "+") if not plus]
    session = datetime.now(UTC).isoformat(timespec="seconds") if len(commands) > 1 else None
    RESULTS.mkdir(exist_ok=True)
    for benchmark, *arguments in commands:
        found = record(benchmark, arguments, session)
        name = "-".join([benchmark, *(re.sub(r"\W+", "-", argument).strip("-") for argument in found.arguments)])
        (RESULTS / f"{name}.json").write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
