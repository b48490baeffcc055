"""SQLite, where texts can be erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.api import BenchError
from serving.scored import Row
from serving.stream.sinks import Sink, columns


def open_database(path: Path) -> sqlite3.Connection:
    """A database whose transactions are on the disk when they end."""
    database = sqlite3.connect(path, isolation_level=None, timeout=30)
    # no write-ahead log: until its next checkpoint, that would hold texts that are erased
    for pragma in ("journal_mode=TRUNCATE", "synchronous=FULL", "secure_delete=ON"):
        database.execute(f"PRAGMA {pragma}")
    return database


class SqliteSink(Sink):
    """A table `posts`. A notice takes the text of the post away, or of all posts of the author, and marks them."""

    def __init__(self, path: Path, labels: Sequence[str]) -> None:
        names = columns(labels)
        quoted = ['"' + name.replace('"', '""') + '"' for name in names]
        types = ["REAL" if name.startswith(("probability", "p_")) else "TEXT" for name in names]
        typed = ", ".join(f"{q} {kind}" for q, kind in zip(quoted[1:], types[1:], strict=True))
        try:
            self._database = open_database(path)
            self._database.execute(f"CREATE TABLE IF NOT EXISTS posts (id TEXT PRIMARY KEY, {typed})")
            existing = [row[1] for row in self._database.execute("PRAGMA table_info(posts)")]
            if existing != names:
                raise BenchError(f"{path}: its table 'posts' has other columns than {', '.join(names)}: choose another")
            self._database.execute("CREATE INDEX IF NOT EXISTS posts_author ON posts (author_id)")
        except sqlite3.DatabaseError as error:
            raise BenchError(f"{path}: cannot be used as a database: {error}") from None
        self._names = names
        self._insert = f"INSERT OR IGNORE INTO posts VALUES ({', '.join('?' * len(names))})"
        self.position = self._database.execute("SELECT coalesce(max(rowid), 0) FROM posts").fetchone()[0]

    def append(self, rows: Sequence[Row]) -> None:
        """Add posts and act on notices, in one transaction; `position` is the last row's number."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for row in rows:
                if row["event"] == "post":
                    self._database.execute(self._insert, [row[name] for name in self._names])
                else:
                    self._blank(row)
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        self.position = self._database.execute("SELECT coalesce(max(rowid), 0) FROM posts").fetchone()[0]

    def _blank(self, row: Row) -> None:
        if row["id"] is None:
            values = (row["event"], row["author_id"])
            self._database.execute("UPDATE posts SET text = NULL, event = ? WHERE author_id = ?", values)
            return
        self._database.execute(
            "INSERT INTO posts (id, event) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET text = NULL, event = excluded.event",
            (row["id"], row["event"]),
        )

    def recover(self, position: int) -> Iterator[Row]:
        """Posts behind row `position`."""
        for key, event in self._database.execute("SELECT id, event FROM posts WHERE rowid > ?", (position,)):
            yield {"id": key, "event": event}

    def close(self) -> None:
        """Close the database."""
        self._database.close()
