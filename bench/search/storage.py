"""Where a study is stored: SQLite in the store, or any database that SQLAlchemy connects to by URL."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.errors import BenchError, StoreError

if TYPE_CHECKING:
    from optuna.storages import RDBStorage

HEARTBEAT = 10
"""Seconds between two signs of life of a running trial."""
GRACE = 60
"""Seconds without one, after which a trial of another machine is dead."""
WAIT = 60
"""Seconds that a writer waits for another."""
ATTEMPTS = 5
"""At making the tables of a new database."""


def default_url(searches: Path, study: str) -> str:
    """SQLite, a file a study, in the store."""
    return f"sqlite:///{searches.absolute() / study}.db"


def open_storage(url: str) -> RDBStorage:
    """The storage with heartbeats; what cannot be reached is a one-line error that shows no password."""
    import optuna
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    shown = ""
    try:
        full, shown, options = _connection(url)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # heartbeats
            return _opened(full, options)
    except ImportError as error:
        missing = str(getattr(error.__cause__ or error, "name", None) or "")
        package = {"psycopg2": "psycopg2-binary", "psycopg": "psycopg[binary]"}.get(missing, missing)
        raise BenchError(f"the driver '{missing}' of this database is not installed: pip install {package}") from None
    except (ArgumentError, NoSuchModuleError):
        raise BenchError(
            "--storage is no database URL: write sqlite:///FILE.db or postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())[:200]
        raise StoreError(
            f"the storage {shown} cannot be reached: {reason}; start it or choose another --storage"
        ) from None


def _opened(url: str, options: dict[str, Any]) -> RDBStorage:
    """Made where it is empty; of several processes that make it at once, some find tables that they meant to make."""
    import optuna
    from sqlalchemy.exc import IntegrityError, ProgrammingError

    for attempt in range(ATTEMPTS):
        try:
            return optuna.storages.RDBStorage(
                url, engine_kwargs=options, heartbeat_interval=HEARTBEAT, grace_period=GRACE
            )
        except (IntegrityError, ProgrammingError):
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(1)
    raise AssertionError("the last attempt returns or raises")


def _connection(url: str) -> tuple[str, str, dict[str, Any]]:
    """The URL with its driver, the URL to show, and arguments of the engine."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg2")  # what SQLAlchemy takes by itself depends on its version
    arguments: dict[str, int] = {"timeout": WAIT} if parsed.drivername.startswith("sqlite") else {}
    if parsed.drivername.startswith("postgresql"):
        arguments = {"connect_timeout": 10}
    full, shown = (parsed.render_as_string(hide_password=hidden) for hidden in (False, True))
    return full, shown, {"connect_args": arguments, "pool_pre_ping": True}
