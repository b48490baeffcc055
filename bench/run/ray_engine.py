"""Phases as Ray tasks: on this machine, or on the nodes of a cluster that see the store at the same path."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from bench.contract import ProgressListener, Resources
from bench.durable import write_atomic
from bench.errors import BenchError, one_line
from bench.locks import Note
from bench.machine import device_class
from bench.ray_session import ray_session
from bench.run.engine import Needs
from bench.run.job import A, Job
from bench.run.launcher import Ended, StopWorker, node_variables
from bench.run.ray_phase import PROGRESS, STOP, Task, carry_out
from bench.run.ray_ranks import ATTEMPTS_MORE, POLL_SECONDS, Together
from bench.run.turns import machine_alone
from bench.store import Store

GB = 10**9


@dataclass(frozen=True)
class Largest:
    """The most that one node has of each resource."""

    cpus: int
    gpus: int
    memory: float

    def grant(self, asked: Resources, device: str) -> tuple[int, int, float]:
        """Cores, GPUs and bytes of a task: what is asked for, as far as any node has it."""
        gpus = 0 if device == "cpu" else min(asked.gpus, self.gpus)
        return max(1, min(asked.cpus, self.cpus)), gpus, min(asked.memory_gb * GB, self.memory)


class RayEngine:
    """Carries out phases on Ray; `ray_engine` makes one."""

    def __init__(self, ray: Any, store: Path) -> None:
        self._ray, self._store, self._stopped = ray, store.resolve(), False
        self._carry_out = ray.remote(carry_out)
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        cpus, gpus, memory = (max(node.get(name, 0) for node in nodes) for name in ("CPU", "GPU", "memory"))
        self._largest = Largest(int(cpus), int(gpus), memory)
        self.parallel = max(1, int(ray.cluster_resources().get("CPU", 1)))
        self._environment = {"env_vars": node_variables()}

    def run(
        self,
        job: Job[A],
        folder: Path,
        timeout: float,
        device: str,
        needs: Needs,
        on_progress: ProgressListener | None = None,
    ) -> Ended[A]:
        """On a node that has what it needs; begun again where that node is lost."""
        asked = needs.resources.on_a_node(needs.ranks)
        cpus, gpus, memory = self._largest.grant(asked, device)
        if gpus and gpus < asked.gpus and needs.ranks:
            reason = (
                f"devices={needs.ranks.devices}: a node needs {asked.gpus} GPUs for its part, and none has over {gpus}"
            )
            return Ended("unavailable", reason=reason)
        versions = {"python": platform.python_version(), **needs.versions}
        task = Task(
            job, folder, Path.cwd(), self._store, timeout, device, cpus, needs.ranks, versions, needs.source,
            device_class(device),
        )  # fmt: skip
        if needs.ranks and needs.ranks.nodes > 1:
            share = {"CPU": cpus, "GPU": gpus, "memory": int(memory)}
            return cast("Ended[A]", Together(self._ray, share, self._environment, lambda: self._stopped).run(task))
        remote = self._carry_out.options(
            num_cpus=cpus, num_gpus=gpus, memory=int(memory), max_retries=ATTEMPTS_MORE, retry_exceptions=False,
            runtime_env=self._environment, name=f"{job.__class__.__name__} {folder.parent.name}",
        )  # fmt: skip
        reference = remote.remote(task)
        try:
            self._await(reference, folder, on_progress)
            return cast("Ended[A]", self._ray.get(reference))
        except self._ray.exceptions.OutOfMemoryError as error:
            return Ended("out_of_memory", reason=one_line(error))
        except self._ray.exceptions.RayError as error:
            return Ended("failed", reason=f"Ray: {one_line(error)}")

    def _await(self, reference: Any, folder: Path, on_progress: ProgressListener | None) -> None:
        while not self._ray.wait([reference], timeout=POLL_SECONDS)[0]:
            if self._stopped:
                raise BenchError("stopped")
            if on_progress is None:
                continue
            try:
                with contextlib.suppress(OSError, ValueError, KeyError):
                    report = json.loads((folder / PROGRESS).read_bytes())
                    on_progress(report["done"], report["total"], report["values"])
            except StopWorker as stop:
                write_atomic(folder / STOP, str(stop).encode())
                on_progress = None

    def stop(self) -> None:
        """Wait for no task any more; Ray ends them when the command leaves it."""
        self._stopped = True

    @contextmanager
    def turn(self, store: Store, wait: Note) -> Iterator[None]:
        """None here: the node that carries out a phase takes its own."""
        yield

    @contextmanager
    def alone(self, store: Store, wait: Note) -> Iterator[None]:
        """All cores of this machine's node are asked for, so that no task of anybody lands on it."""
        node = self._ray.get_runtime_context().get_node_id()
        total = next(n["Resources"].get("CPU", 0) for n in self._ray.nodes() if n["NodeID"] == node)
        affinity = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node, soft=False)
        keeper = (
            self._ray.remote(_Keeper)
            .options(num_cpus=total, scheduling_strategy=affinity, runtime_env=self._environment)
            .remote()
        )
        try:
            if not self._ray.wait([keeper.here.remote()], timeout=POLL_SECONDS)[0]:
                wait("in use by tasks of Ray")
                self._ray.get(keeper.here.remote())
            with machine_alone(store, wait):
                yield
        finally:
            self._ray.kill(keeper)


class _Keeper:
    """An actor that holds the cores of a node while it lives."""

    def here(self) -> bool:
        """Whether it has them."""
        return True


@contextmanager
def ray_engine(store: Path, address: str | None) -> Iterator[RayEngine]:
    """Ray on this machine for as long as this lasts, or the cluster at that address, of which this machine is a node.

    Raises `BenchError` where Ray is not installed or nothing answers there.
    """
    with ray_session(address, "--executor ray") as ray:
        yield RayEngine(ray, store)
