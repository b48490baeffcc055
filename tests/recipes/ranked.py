"""Naive Bayes in several processes, one of which ends in the way that it is told to."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from bench.api import STANDALONE, BenchError, DeviceUse, Params, Ranks, Resolved, RunContext, Split, Training
from tests.recipes.bayes import Bayes
from tf_tinybert import workers


class Ranked(Bayes):
    """Naive Bayes by each of several ranks (numpy)."""

    name = "ranked"
    defaults = {**Bayes.defaults, "devices": 1, "nodes": 1, "how": "well"}

    def resolve(self, params: Params) -> Resolved:
        ranks = Ranks.of(params["devices"], params["nodes"], workers.HERE, workers.THERE)
        return replace(super().resolve(params), ranks=ranks)

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        rank, how = int(os.environ["RANK"]), params["how"]
        print(f"rank {rank} of {params['devices']} has {context.threads} thread", flush=True)
        if how == "one" and rank == 1:
            raise BenchError("nothing to learn for me")
        if how == "killed" and rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if how in ("one", "killed"):
            time.sleep(0.5)
            raise RuntimeError("connection closed by peer")
        training = super().fit(train, validation, params, seed, out_dir, context)
        use = DeviceUse(strategy="ranked", replicas=params["devices"], batch_per_replica=8)
        return replace(training, device=use)
