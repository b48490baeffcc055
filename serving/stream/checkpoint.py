"""How far a stream is: the place in its source and the ids that were written, saved together or not at all."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from bench.api import BenchError
from serving.stream.database import open_database

# The state lies in a table `told`, a name that it keeps: outputs of earlier versions go on from theirs.
TABLES = """
CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class State:
    """What an output holds, and from where; each field is a row of the table, its value as JSON."""

    source: str
    """Its name."""
    labels: list[str]
    """Of the model, in the order of the columns."""
    position: int
    """How much of the output is written, in the sink's own unit."""
    head: tuple[int, str] | None = None
    """By what a source is recognized: bytes at its start, and their hash; None for one that cannot be read again."""
    place: int | None = None
    """Where in the source to go on; None where it has no places."""


class Checkpoint:
    """The state of one output in a folder beside it. The last `remember` ids are recognized, from disk, not memory."""

    def __init__(self, folder: Path, remember: int) -> None:
        """Raises `BenchError` where another process holds it, or where it is not of a stream."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "lock", timeout=0)
            self._lock.acquire()
            self._database = open_database(folder / "state.db")
            self._database.executescript(TABLES)
            stored = self._database.execute("SELECT name, value FROM told").fetchall()
            values = {name: json.loads(value) for name, value in stored}
            self.state = TypeAdapter(State).validate_python(values) if values else None
            """What was saved last; None at the start."""
        except Timeout:
            raise BenchError(f"another stream writes there ({folder} is locked): choose another --output") from None
        except (OSError, sqlite3.DatabaseError, ValueError) as error:  # also pydantic's, of several lines
            raise BenchError(f"{folder}: cannot be used: {' '.join(str(error).split())[:300]}") from None
        self.folder = folder
        self._remember = remember
        self._new: set[str] = set()

    def is_new(self, key: str) -> bool:
        """Whether a key was not met before. From now on it was: at once in this process, for all with `save`."""
        if key in self._new or self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone():
            return False
        self._new.add(key)
        return True

    def save(self, state: State) -> None:
        """Keep the state and every new key, durably, in one transaction; where that fails nothing has changed."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT OR IGNORE INTO seen (key) VALUES (?)", ((key,) for key in self._new))
            self._database.execute(
                "DELETE FROM seen WHERE number <= (SELECT max(number) FROM seen) - ?", (self._remember,)
            )
            rows = [(name, json.dumps(value)) for name, value in asdict(state).items()]
            self._database.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", rows)
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self.state = state
        self._new.clear()

    def advance(self, position: int, place: int | None) -> None:
        """Save that the same stream is further on."""
        assert self.state is not None, "a stream saves its state before it begins"
        self.save(replace(self.state, position=position, place=place))

    def close(self) -> None:
        """Let another process have it."""
        self._database.close()
        self._lock.release()
