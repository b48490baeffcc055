"""How far a stream is: the place in its source and the ids that were written, saved together or not at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from bench.api import BenchError
from serving.stream.database import open_database

TABLES = """
CREATE TABLE IF NOT EXISTS seen (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Checkpoint:
    """The state of one output in a folder beside it. The last `remember` ids are known again, from disk, not memory."""

    def __init__(self, folder: Path, remember: int) -> None:
        """Raises `BenchError` where another process holds it."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "lock", timeout=0)
            self._lock.acquire()
            self._database = open_database(folder / "state.db")
            self._database.executescript(TABLES)
        except Timeout:
            raise BenchError(f"another stream writes there ({folder} is locked): choose another --output") from None
        except (OSError, sqlite3.DatabaseError) as error:
            raise BenchError(f"{folder}: cannot be used: {error}") from None
        self.folder = folder
        self._remember = remember
        self._new: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """What `save` was last told under that name."""
        found = self._database.execute("SELECT value FROM told WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else default

    def fresh(self, key: str) -> bool:
        """Whether a key was not met before. From now on it was: at once in this process, for all with `save`."""
        if key in self._new or self._database.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone():
            return False
        self._new.add(key)
        return True

    def save(self, **values: Any) -> None:
        """Keep values and every new key, durably, in one transaction; where that fails nothing has changed."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany("INSERT OR IGNORE INTO seen (key) VALUES (?)", ((key,) for key in self._new))
            self._database.execute(
                "DELETE FROM seen WHERE number <= (SELECT max(number) FROM seen) - ?", (self._remember,)
            )
            pairs = [(name, json.dumps(value)) for name, value in values.items()]
            self._database.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", pairs)
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self._new.clear()

    def close(self) -> None:
        """Let another process have it."""
        self._database.close()
        self._lock.release()
