"""Where posts come from: a recorded file, standard input, a TCP connection. X is in `x.py`."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from bench.api import BenchError
from bench.standard_input import standard_input
from serving.stream.backoff import Backoff
from serving.stream.lines import TICK, Line, Stopped, chunks, split

Put = Callable[[Line], None]
HEAD = 4096
"""Bytes by which a file is recognized."""


class Source(ABC):
    """Lines as they arrive. `read` runs in a thread of its own."""

    name: str
    status = ""
    """For a person to read."""
    reconnections = 0

    def open(self) -> None:  # noqa: B027
        """Get ready, before the first line; what is wrong is a `BenchError`."""

    @abstractmethod
    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line from the place `start` on, where a source has places, until the end or until `stopped`."""

    def interrupt(self) -> None:  # noqa: B027
        """Wake up a `read` that waits for the network; `stopped` is set."""

    def close(self) -> None:  # noqa: B027
        """Release what `open` took."""

    def head(self, size: int = HEAD) -> tuple[int, str] | None:
        """By what it is recognized, where it can be read again: how many bytes, up to `size`, and their hash."""
        return None


def paced(lines: Iterator[Line], rate: float, stopped: Event) -> Iterator[Line]:
    """The same at `rate` lines a second; 0: as fast as they come."""
    started = time.monotonic()
    for number, line in enumerate(lines):
        if rate and stopped.wait(max(started + number / rate - time.monotonic(), 0)):
            raise Stopped
        yield line


class FileSource(Source):
    """A recorded stream, from where it was left."""

    def __init__(self, path: Path, rate: float) -> None:
        self.name, self._path, self._rate = f"file {path.resolve()}", path, rate
        try:
            self.head()
        except OSError as error:
            raise BenchError(f"{path}: cannot be read: {error.strerror}") from None

    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line behind byte `start`."""
        with self._path.open("rb") as file:
            file.seek(start)
            for line in paced(split(chunks(file.fileno(), stopped), start), self._rate, stopped):
                put(line)

    def head(self, size: int = HEAD) -> tuple[int, str]:
        """The first `size` bytes, or all where the file is shorter."""
        with self._path.open("rb") as file:
            first = file.read(size)
        return len(first), hashlib.sha256(first).hexdigest()


class StdinSource(Source):
    """Standard input; what was read of it cannot be read again."""

    name = "stdin"

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line; `start` does not apply."""
        for line in paced(split(chunks(standard_input().fileno(), stopped)), self._rate, stopped):
            put(Line(line.data, None, line.problem))


class TcpSource(Source):
    """JSON lines over TCP, from every sender that connects (`listen`) or from one server that is connected to."""

    name = "tcp"

    def __init__(self, address: str, listen: bool, rate: float, scale: float, log: Callable[[str], None]) -> None:
        host, _, port = address.rpartition(":")
        if not port.isdigit() or int(port) > 65535:
            raise BenchError(f"'{address}' is no address: write HOST:PORT, as in 127.0.0.1:9000")
        self._address, self._listen, self._rate, self._log = (host or "127.0.0.1", int(port)), listen, rate, log
        self._backoff = Backoff(scale)
        self._server: socket.socket | None = None

    def open(self) -> None:
        """Listen, where the user wants that; a taken port is a `BenchError`."""
        where = f"{self._address[0]}:{self._address[1]}"
        if not self._listen:
            return
        try:
            self._server = socket.create_server(self._address)
        except OSError as error:
            raise BenchError(f"cannot listen on {where}: {error.strerror}; choose another address") from None
        self._log(f"listening on {self._address[0]}:{self._server.getsockname()[1]}")

    def read(self, put: Put, start: int, stopped: Event) -> None:
        """Put each line of each connection; `start` does not apply."""
        if self._server is not None:
            self._serve(self._server, put, stopped)
        while not stopped.is_set():
            try:
                with socket.create_connection(self._address, timeout=21) as connection:
                    self.status = "connected"
                    self._lines(connection, put, stopped)
            except OSError as error:
                self.status = f"not connected: {error.strerror or error}"
            self.reconnections += 1
            stopped.wait(self._backoff.network())

    def _serve(self, server: socket.socket, put: Put, stopped: Event) -> None:
        server.settimeout(TICK)
        clients: list[threading.Thread] = []
        while not stopped.is_set():
            clients = [client for client in clients if client.is_alive()]
            self.status = f"{len(clients)} connected"
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            clients.append(threading.Thread(target=self._client, args=(connection, put, stopped), daemon=True))
            clients[-1].start()
        for client in clients:
            client.join()

    def _client(self, connection: socket.socket, put: Put, stopped: Event) -> None:
        try:
            with connection:
                self._lines(connection, put, stopped)
        except (Stopped, OSError):  # it may come again
            return

    def _lines(self, connection: socket.socket, put: Put, stopped: Event) -> None:
        for line in paced(split(chunks(connection.fileno(), stopped)), self._rate, stopped):
            self._backoff.reset()
            put(Line(line.data, None, line.problem))

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
