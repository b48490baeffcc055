"""PostgreSQL as a store: results with their arrays in three tables, artifacts beside it in a folder or object storage.

A run is written in one transaction. A lease ends by the clock of the server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from bench.errors import BenchError, StoreError, one_line
from bench.requirements import install_command
from bench.shared import remote
from bench.shared.objects import Objects, open_objects
from bench.shared.remote import RESULT

try:
    import psycopg  # noqa: F401
    import sqlalchemy as sql
    from sqlalchemy.dialects.postgresql import insert
except ModuleNotFoundError as missing:
    raise StoreError(f"postgresql:// needs '{missing.name}': {install_command(str(missing.name))}") from None

AT_ONCE = 500
"""Results that are asked for together."""
CREATION = 7327
"""Of the lock under which the tables are made: two that make them at once would fail."""

tables = sql.MetaData()
results = sql.Table(
    "sentibench_results", tables,
    sql.Column("run_id", sql.Text, primary_key=True),
    sql.Column("version", sql.Text, nullable=False),
    sql.Column("document", sql.JSON, nullable=False),  # keeps the text as it is, byte by byte
)  # fmt: skip
run_files = sql.Table(
    "sentibench_files", tables,
    sql.Column("run_id", sql.ForeignKey(results.c.run_id, ondelete="CASCADE"), primary_key=True),
    sql.Column("name", sql.Text, primary_key=True),
    sql.Column("content", sql.LargeBinary, nullable=False),
)  # fmt: skip
leases = sql.Table(
    "sentibench_leases", tables,
    sql.Column("name", sql.Text, primary_key=True),
    sql.Column("token", sql.Text, nullable=False),
    sql.Column("holder", sql.Text, nullable=False),
    sql.Column("ends", sql.DateTime(timezone=True), nullable=False),
)  # fmt: skip


class Postgres:
    """A store at `postgresql://`."""

    def __init__(self, place: str, engine: sql.Engine, artifacts: Objects) -> None:
        self.place, self.artifacts, self._engine = place, artifacts, engine
        with self._transaction() as connection:
            if not sql.inspect(connection).has_table(leases.name):
                connection.execute(sql.select(sql.func.pg_advisory_xact_lock(CREATION)))
                tables.create_all(connection)

    def versions(self) -> dict[str, str]:
        """One query."""
        with self._transaction() as connection:
            found = connection.execute(sql.select(results.c.run_id, results.c.version)).all()
        return {row.run_id: row.version for row in found}

    def documents(self, run_ids: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
        """A query for many of them."""
        asked = list(run_ids)
        for start in range(0, len(asked), AT_ONCE):
            query = sql.select(results.c.run_id, results.c.version, sql.cast(results.c.document, sql.Text))
            with self._transaction() as connection:
                found = connection.execute(query.where(results.c.run_id.in_(asked[start : start + AT_ONCE]))).all()
            for run_id, version, document in found:
                yield run_id, version, document.encode()

    def file(self, run_id: str, name: str) -> bytes | None:
        """One query."""
        query = sql.select(run_files.c.content).where(run_files.c.run_id == run_id, run_files.c.name == name)
        with self._transaction() as connection:
            content = connection.execute(query).scalar()
        return None if content is None else bytes(content)

    def write(self, run_id: str, files: Mapping[str, bytes]) -> str:
        """One transaction."""
        version = uuid4().hex
        document = sql.cast(sql.literal(files[RESULT].decode(), sql.Text), sql.JSON)
        row = insert(results).values(run_id=run_id, version=version, document=document)
        others = [{"run_id": run_id, "name": name, "content": files[name]} for name in files.keys() - {RESULT}]
        with self._transaction() as connection:
            changed = {"version": row.excluded.version, "document": row.excluded.document}
            connection.execute(row.on_conflict_do_update(index_elements=["run_id"], set_=changed))
            if others:
                new = insert(run_files).values(others)
                connection.execute(
                    new.on_conflict_do_update(index_elements=["run_id", "name"], set_={"content": new.excluded.content})
                )
        return version

    def remove(self, run_id: str) -> None:
        """With its files."""
        with self._transaction() as connection:
            connection.execute(sql.delete(results).where(results.c.run_id == run_id))

    def take(self, lease: str, token: str, holder: str) -> str | None:
        """Inserted, or updated where it has ended."""
        new = insert(leases).values(name=lease, token=token, holder=holder, ends=_end())
        taken = {"token": new.excluded.token, "holder": new.excluded.holder, "ends": new.excluded.ends}
        with self._transaction() as connection:
            query = new.on_conflict_do_update(
                index_elements=["name"], set_=taken, where=leases.c.ends < sql.func.clock_timestamp()
            )
            if connection.execute(query.returning(leases.c.name)).scalar() is not None:
                return None
            found = connection.execute(sql.select(leases.c.holder).where(leases.c.name == lease)).scalar()
        return found or "a command that gives it back"

    def renew(self, lease: str, token: str, holder: str) -> bool:
        """Updated, where it is still one's own."""
        query = sql.update(leases).where(leases.c.name == lease, leases.c.token == token).values(ends=_end())
        with self._transaction() as connection:
            return connection.execute(query).rowcount == 1

    def release(self, lease: str, token: str) -> None:
        """Deleted."""
        with self._transaction() as connection:
            connection.execute(sql.delete(leases).where(leases.c.name == lease, leases.c.token == token))

    def sweep(self) -> None:
        """One statement."""
        with self._transaction() as connection:
            connection.execute(sql.delete(leases).where(leases.c.ends < sql.func.clock_timestamp()))

    @contextmanager
    def _transaction(self) -> Iterator[sql.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sql.exc.SQLAlchemyError as error:
            raise StoreError(f"{self.place}: {one_line(getattr(error, 'orig', None) or error)}") from None


def _end() -> sql.ColumnElement[object]:
    return sql.func.clock_timestamp() + sql.literal(timedelta(seconds=remote.LEASE_SECONDS), sql.Interval)


def open_postgres(url: str) -> Postgres:
    """The store at `postgresql://USER@HOST/DATABASE?artifacts=PLACE`; whatever else follows the `?` is for the driver.

    PLACE is the absolute path of a folder that all machines see, or the URL of object storage.
    """
    try:
        parsed = sql.make_url(url)
    except (sql.exc.ArgumentError, ValueError) as error:
        raise BenchError(f"--store {url}: {one_line(error)}") from None
    place = parsed.query.get("artifacts")
    if not isinstance(place, str) or not ("://" in place or Path(place).is_absolute()):
        raise BenchError(
            f"--store {url}: where do artifacts go? end it with ?artifacts=/SHARED/FOLDER or ?artifacts=s3://BUCKET/PATH"
        )
    engine = sql.create_engine(
        parsed.set(drivername="postgresql+psycopg").difference_update_query(["artifacts"]),
        connect_args={"connect_timeout": 10, "application_name": "sentibench"}, pool_pre_ping=True,
    )  # fmt: skip
    return Postgres(url, engine, open_objects(place, large=True))
