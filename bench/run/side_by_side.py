"""Runs of one command under way at once, each as soon as what it is made of is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from bench.run.plan import PlannedRun
from bench.run.queue import Finished, Queue, Waiting
from bench.spec import RunSpec


class SideBySide(Queue):
    """As many runs at once as the engine carries out; the threads here only wait for it."""

    def run(self, previewed: Iterable[PlannedRun | Waiting]) -> Iterator[Finished]:
        """Each run with its row, in the order in which they end."""
        left = list(previewed)
        under_way: dict[Future[list[Finished]], RunSpec] = {}
        with ThreadPoolExecutor(self.executor.engine.parallel, "run") as pool:
            try:
                while left or under_way:
                    for run in self._ready(left, list(under_way.values())):
                        left.remove(run)
                        under_way[pool.submit(self._whole, run)] = run.spec
                    for ended in wait(under_way, return_when=FIRST_COMPLETED).done:
                        del under_way[ended]
                        yield from ended.result()
            except BaseException:
                self.executor.engine.stop()  # or its threads would be waited for
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _ready(self, left: list[PlannedRun | Waiting], under_way: list[RunSpec]) -> list[PlannedRun | Waiting]:
        """Those that build on none before them, and are none, that has yet to end."""
        room = self.executor.engine.parallel - len(under_way)
        open_ones = {spec.identity for spec in under_way}
        ready: list[PlannedRun | Waiting] = []
        for run in left:
            above = {parent.identity for parent in run.spec.parents if isinstance(parent, RunSpec)}
            if len(ready) < room and not open_ones & {run.spec.identity, *above}:
                ready.append(run)
            open_ones.add(run.spec.identity)
        return ready

    def _whole(self, run: PlannedRun | Waiting) -> list[Finished]:
        """With its fallbacks, and with parents whose artifacts are gone."""
        return list(self._run(run.spec, seen=run if isinstance(run, PlannedRun) else None))
