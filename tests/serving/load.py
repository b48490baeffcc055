"""Clients that ask a server again and again, and a process that is looked at meanwhile."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import cast

from benchmarks.http_load import Client

CONNECTIONS = 16


@dataclass
class Watched:
    """A process, sampled: kB of memory, open files, files in its folders for temporary ones."""

    pid: int
    folders: Sequence[Path]
    samples: list[tuple[int, int, int]] = field(default_factory=list)

    def sample(self) -> None:
        status = Path(f"/proc/{self.pid}/status").read_text()
        kilobytes = int(status.partition("VmRSS:")[2].split()[0])
        files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        self.samples.append((kilobytes, files, sum(len(list(folder.rglob("*"))) for folder in self.folders)))

    def check_flat(self, name: str) -> None:
        """The first third against the last one, medians, without the fifth in which it warmed up."""
        warm = self.samples[len(self.samples) // 5 :]
        third = len(warm) // 3
        first, last = (list(map(median, zip(*part, strict=True))) for part in (warm[:third], warm[-third:]))
        report = f"{name}: kB, files, temporary files at first {first}, at last {last}, of {len(warm)} samples"
        print(report)
        assert last[0] <= 1.02 * first[0] + 4_000, report
        assert last[1] <= first[1] + 3 and last[2] <= first[2], report


@contextmanager
def sampled(watched: Sequence[Watched], every_s: float) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(every_s):
            for one in watched:
                one.sample()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Answers(list[tuple[float, float, bool]]):
    """Counts answers, and keeps none."""

    def __init__(self) -> None:
        self.count = Counter[bool]()

    def append(self, answer: tuple[float, float, bool]) -> None:
        self.count[answer[2]] += 1


class Paced(Client):
    """One of the connections that share a rate: asks every `every_s` seconds, or as soon as it was answered."""

    def __init__(self, requests: cycle[bytes], end: float, found: Answers, every_s: float) -> None:
        super().__init__(requests, end, found)
        self.every_s, self.due = every_s, time.perf_counter()

    def ask(self) -> None:
        self.due += self.every_s
        asyncio.get_running_loop().call_later(max(0.0, self.due - time.perf_counter()), super().ask)


async def asked(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Counter[bool]:
    """How many were answered with 200, and how many were not, at `rate` a second in all; infinite: all it can."""
    loop, end, found, these = asyncio.get_running_loop(), time.perf_counter() + seconds, Answers(), cycle(requests)
    made = [
        await loop.create_connection(lambda: Paced(these, end, found, CONNECTIONS / rate), "127.0.0.1", port)
        for _ in range(CONNECTIONS)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return found.count


class Limited(Client):
    """One of the connections that share a number of requests."""

    def __init__(self, requests: Iterator[bytes], found: Answers) -> None:
        super().__init__(cast("cycle[bytes]", requests), float("inf"), found)

    def ask(self) -> None:
        self.before = time.perf_counter()
        request = next(self.requests, None)
        if request is None:
            self.end = 0.0
            self.transport.close()
        else:
            self.transport.write(request)


async def asked_in_all(port: int, requests: Sequence[bytes], n: int) -> Counter[bool]:
    """`n` requests as fast as can be: how many were answered with 200, and how many were not."""
    loop, found, these = asyncio.get_running_loop(), Answers(), islice(cycle(requests), n)
    made = [await loop.create_connection(lambda: Limited(these, found), "127.0.0.1", port) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(protocol.done for _, protocol in made))
    return found.count


def raw(path: str, kind: str, body: str) -> bytes:
    """The bytes of a request."""
    data = body.encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data
