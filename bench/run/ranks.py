"""Which of several ranks ended a training, and why: the others fail after it, as they wait for it in vain."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.contract import Ranks
from bench.ranks import read_failures
from bench.run.job import OUTCOME, A, Outcome, rank_folder
from bench.run.launcher import Ended, log_tail, unexplained
from bench.schema import Status


@dataclass(frozen=True)
class DeadRank:
    """A rank that ended badly."""

    number: int
    host: str
    exit_code: int
    status: Status
    reason: str
    when: float
    """Of its outcome, in seconds; infinite where it left none."""
    log_tail: str | None

    @property
    def order(self) -> tuple[bool, float, int]:
        """Sorts first who ended first.

        A rank that was killed told of nothing, and its peers a moment later of a connection that was closed. SIGTERM
        is what a launcher ends the others with.
        """
        killed = self.exit_code < 0 and self.exit_code != -signal.SIGTERM
        return not killed, self.when, self.number


def dead_ranks(folder: Path, host: str) -> list[DeadRank]:
    """Those of one node that ended badly, as its launcher and they themselves told in the folder of the phase."""
    return [_dead(rank_folder(folder, rank), rank, host, code) for rank, code in read_failures(folder).items()]


def explained(ended: Ended[A], ranks: Ranks | None, folders: Sequence[Path], hosts: Sequence[str]) -> Ended[A]:
    """The end of a training, told by the rank that ended it; `folders` and `hosts` are those of its nodes.

    What went well, or was ended from here, stays as it is.
    """
    if ranks is None or ended.status in ("ok", "timeout", "skipped"):
        return ended
    dead = sorted(
        (one for folder, host in zip(folders, hosts, strict=True) for one in dead_ranks(folder, host)),
        key=lambda one: one.order,
    )
    if not dead:
        return ended
    first = dead[0]
    reason = f"rank {first.number} of {ranks.devices}, on {first.host}: {first.reason}"
    # the kernel's counter tells why a rank was killed
    status = ended.status if ended.status == "out_of_memory" else first.status
    return replace(
        ended.with_value(None), status=status, reason=reason, exit_code=first.exit_code, log_tail=first.log_tail
    )


def _dead(folder: Path, number: int, host: str, code: int) -> DeadRank:
    status, reason = unexplained(code, killed_for_memory=False)
    try:
        outcome = Outcome.model_validate_json((folder / OUTCOME).read_bytes())
        when = (folder / OUTCOME).stat().st_mtime
        if outcome.reason is not None:
            status, reason = outcome.status, outcome.reason
    except (OSError, ValueError):
        when = float("inf")
    return DeadRank(number, host, code, status, reason, when, log_tail(folder))
