"""Objects below a URL (`s3://`, `gs://`, `az://`) or below a folder, by their paths."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench.errors import StoreError, one_line
from bench.requirements import install_command

if TYPE_CHECKING:
    from obstore import ObjectMeta, UpdateVersion
    from obstore.store import ObjectStore

CONNECT, ANSWER, TRANSFER = timedelta(seconds=10), timedelta(seconds=30), timedelta(hours=1)
"""How long a server may take to be reached, to answer, and to take or give a whole artifact."""


_STATUS = re.compile(r"status code: (\d{3}[ \w]*)")
_FIELDS = re.compile(r"<Code>(.*?)</Code>"), re.compile(r"<Message>(.*?)</Message>")


@dataclass(frozen=True)
class Objects:
    """Each method is one request, or one a thousand objects of a listing; errors are a `StoreError` in one line."""

    place: str
    store: ObjectStore

    def get(self, path: str) -> tuple[bytes, ObjectMeta] | None:
        """The content of an object and what is told of it, None where there is none."""
        with self._reached():
            try:
                found = self.store.get(path)
                return bytes(found.bytes()), found.meta
            except FileNotFoundError:
                return None

    def content(self, path: str) -> bytes | None:
        """The content of an object."""
        found = self.get(path)
        return found[0] if found else None

    def put(self, path: str, content: bytes | Path) -> str:
        """Make or replace an object; its version then."""
        with self._reached():
            return version(self.store.put(path, content, mode="overwrite", use_multipart=False))

    def put_if(self, path: str, content: bytes | Path, state: Literal["create"] | ObjectMeta) -> bool:
        """Make an object that is not there, or replace the very one that was seen: whether it still was so.

        In one part, as several have no condition.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Literal["create"] | UpdateVersion = "create" if state == "create" else _seen(state)
        with self._reached():
            try:
                self.store.put(path, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

    def below(self, prefix: str) -> Iterator[ObjectMeta]:
        """The objects below a folder."""
        with self._reached():
            yield from itertools.chain.from_iterable(self.store.list(prefix))

    def paths(self, prefix: str) -> list[str]:
        """Their paths."""
        return [found["path"] for found in self.below(prefix)]

    def delete(self, *paths: str) -> None:
        """Remove objects, if they are there."""
        with self._reached():
            for path in paths:
                try:
                    self.store.delete(path)
                except FileNotFoundError:
                    continue

    @contextmanager
    def _reached(self) -> Iterator[None]:
        with reached(self.place):
            yield


def _seen(state: ObjectMeta) -> UpdateVersion:
    """What a server compares: Amazon and Azure the tag, Google the version."""
    seen: UpdateVersion = {}
    if state["e_tag"]:
        seen["e_tag"] = state["e_tag"]
    if state["version"]:
        seen["version"] = state["version"]
    return seen


def version(of: Any) -> str:
    """What changes whenever an object does."""
    return str(of["version"] or of["e_tag"])


def open_objects(place: str, large: bool = False) -> Objects:
    """Those below a URL, or below the path of a folder; for `large` ones a transfer may take an hour."""
    with reached(place):
        from obstore.store import LocalStore, from_url

        if "://" not in place:
            return Objects(place, LocalStore(place, mkdir=True))
        opened: Any = from_url  # its types tell S3's, Google's and Azure's options apart
        # http only where the user's own AWS_ENDPOINT_URL or the like has it
        patience = {"connect_timeout": CONNECT, "timeout": TRANSFER if large else ANSWER, "allow_http": True}
        retries = {"max_retries": 4, "retry_timeout": 2 * ANSWER}
        return Objects(place, opened(place, client_options=patience, retry_config=retries))


@contextmanager
def reached(place: str) -> Iterator[None]:
    """What object storage cannot do, as a `StoreError`."""
    try:
        from obstore.exceptions import BaseError
    except ModuleNotFoundError as error:
        raise StoreError(f"{place} needs '{error.name}': {install_command('obstore')}") from None
    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise StoreError(f"{place}: {_told(error)}") from None


def _told(error: Exception) -> str:
    """What a server has answered, in its own words; else that none has."""
    text = str(error).partition("Debug source:")[0]
    status = _STATUS.search(text)
    if status is None:
        return f"cannot be reached: {one_line(type(error)(text))}"
    why = ": ".join(found[1] for field in _FIELDS if (found := field.search(text)))
    advice = "; are the credentials those of this store?" if status[1][:3] in ("401", "403") else ""
    return one_line(f"the server answers {status[1].strip()}{f', {why}' if why else ''}{advice}")
