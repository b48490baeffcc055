"""A training whose ranks are spread over several nodes of a Ray cluster: each node starts those that are its own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from bench.contract import Ranks
from bench.errors import BenchError, one_line
from bench.run.job import Answer
from bench.run.launcher import Ended, Node
from bench.run.ranks import explained
from bench.run.ray_phase import Task, carry_out, clear

ATTEMPTS_MORE = 3
"""A phase whose node was lost is begun again so often; one that ended, however, never."""
POLL_SECONDS = 1.0
SETTLE_SECONDS = 60.0
"""Once a node has ended badly, the others may tell why, or turn out to be lost, for so long."""

Place = tuple[str, str, list[int]]
"""IP address, name and free ports of a node."""


class NodeLostError(Exception):
    """A node died, and with it its ranks."""


class _Member:
    """An actor on each node."""

    def place(self, count: int) -> Place:
        """Of this node, with as many ports, all held until the last is bound so that they differ."""
        from ray.util import get_node_ip_address

        with ExitStack() as held:
            sockets = [held.enter_context(socket.socket()) for _ in range(count)]
            for each in sockets:
                each.bind(("", 0))
            ports = [int(each.getsockname()[1]) for each in sockets]
        return str(get_node_ip_address()), socket.gethostname(), ports  # type: ignore[no-untyped-call]

    def carry_out(self, task: Task) -> Ended[Answer]:
        """Start its ranks and wait for them."""
        return carry_out(task)


@dataclass(frozen=True)
class Together:
    """Carries out a phase on several nodes at once."""

    ray: Any
    share: Mapping[str, int]
    """What each node gives: `CPU`, `GPU`, and bytes of `memory`."""
    environment: Mapping[str, Any]
    """Of a task, as Ray takes it."""
    is_stopped: Callable[[], bool]

    def run(self, task: Task) -> Ended[Answer]:
        """As its ranks end; begun again on other nodes, from its checkpoint, where a node is lost."""
        ranks = task.ranks
        assert ranks is not None
        lost = ""
        for _ in range(1 + ATTEMPTS_MORE):
            clear(task)
            try:
                with self._members(ranks.nodes) as members:
                    if not members:
                        return Ended("failed" if lost else "unavailable", reason=lost + self._too_few(ranks))
                    return self._attempt(task, ranks, members)
            except NodeLostError as error:
                lost = f"a node was lost ({error}); "
            except self.ray.exceptions.RayError as error:
                return Ended("failed", reason=f"Ray: {one_line(error)}")
        return Ended("failed", reason=f"{lost}begun {1 + ATTEMPTS_MORE} times in vain")

    @contextmanager
    def _members(self, nodes: int) -> Iterator[list[Any]]:
        """An actor on each of so many nodes, once they have room; none where the cluster has fewer of that size."""
        bundle = {name: amount for name, amount in self.share.items() if amount}
        group = self.ray.util.placement_group([bundle] * nodes, strategy="STRICT_SPREAD")
        members: list[Any] = []
        try:
            while not group.wait(POLL_SECONDS):
                if self.is_stopped():
                    raise BenchError("stopped")
                if self._nodes_of_size() < nodes:
                    break
            else:
                members += [self._member(group, bundle, index) for index in range(nodes)]
            yield members
        finally:
            for member in members:
                self.ray.kill(member)
            self.ray.util.remove_placement_group(group)

    def _member(self, group: Any, bundle: Mapping[str, int], index: int) -> Any:
        on_node = self.ray.util.scheduling_strategies.PlacementGroupSchedulingStrategy(
            group, placement_group_bundle_index=index
        )
        return (
            self.ray.remote(_Member)
            .options(
                num_cpus=bundle["CPU"], num_gpus=bundle.get("GPU", 0), memory=bundle["memory"],
                scheduling_strategy=on_node, runtime_env=self.environment,
            )
            .remote()
        )  # fmt: skip

    def _nodes_of_size(self) -> int:
        alive = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        return sum(all(node.get(name, 0) >= amount for name, amount in self.share.items()) for node in alive)

    def _too_few(self, ranks: Ranks) -> str:
        size = f"{self.share['CPU']} cores" + (f" and {self.share['GPU']} GPUs" if self.share["GPU"] else "")
        return f"nodes={ranks.nodes}, and the cluster has {self._nodes_of_size()} with {size}"

    def _attempt(self, task: Task, ranks: Ranks, members: Sequence[Any]) -> Ended[Answer]:
        places: list[Place] = self._known([member.place.remote(ranks.local) for member in members])
        hosts = tuple(name for _, name, ports in places for _ in ports)
        addresses = tuple(f"{address}:{port}" for address, _, ports in places for port in ports)
        tasks = [
            replace(task, folder=task.folder / f"node-{number}" if number else task.folder, node=node)
            for number in range(ranks.nodes)
            for node in [Node(number, hosts, addresses)]
        ]
        running = [member.carry_out.remote(each) for member, each in zip(members, tasks, strict=True)]
        ends = self._ends(running)
        bad = next((ended for ended in ends.values() if ended.status != "ok"), None)
        if bad is None:
            return ends[running[0]]
        return explained(bad, ranks, [each.folder for each in tasks], [name for _, name, _ in places])

    def _ends(self, running: Sequence[Any]) -> dict[Any, Ended[Answer]]:
        """How the nodes ended, in that order; those that hang once another has failed are left out."""
        ends: dict[Any, Ended[Answer]] = {}
        patience = float("inf")
        while (waiting := [each for each in running if each not in ends]) and patience > 0:
            if self.is_stopped():
                raise BenchError("stopped")
            ready, _ = self.ray.wait(waiting, timeout=POLL_SECONDS)
            ends |= dict(zip(ready, self._known(ready), strict=True))
            if any(ended.status != "ok" for ended in ends.values()):
                patience = min(patience, SETTLE_SECONDS) - POLL_SECONDS
        return ends

    def _known(self, references: Sequence[Any]) -> list[Any]:
        try:
            return list(self.ray.get(list(references)))
        except self.ray.exceptions.RayActorError as error:
            raise NodeLostError(one_line(error, 120)) from None
