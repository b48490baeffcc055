"""Fine-tuning in 250 MB more than libraries take: `python -m tests.transformers_pt.tight BACKBONE OUT auto|plain`."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any

from bench.api import Training
from tests.baselines.sentences import split
from transformers_pt.recipes.finetune import Finetune

GIVEN = {"batch_size": 64, "epochs": 1, "max_length": 32, "precision": "float32"}


def fit(folder: Path, **changes: Any) -> Training:
    folder.mkdir()
    return Finetune().fit(split(128, 0), split(8, 1), {**Finetune.defaults, **GIVEN, **changes}, 0, folder)


def main(backbone: str, out: Path, mode: str) -> None:
    """How the batch was computed, and the loss."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # each thread takes memory of its own
    fit(out / "warm", backbone=backbone, batch_size=1)  # libraries, threads and arenas are there
    size = int(Path("/proc/self/status").read_text().split("VmSize:")[1].split()[0]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size + 250_000_000,) * 2)
    log = fit(out / "tight", backbone=backbone, auto_batch=mode == "auto")
    print(log.device.batch_per_replica, log.device.accumulation, log.history[-1]["loss"])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
