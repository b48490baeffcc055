"""Object storage as a store: the folders of a store as objects, `result.json` after all else of a run.

A lease is an object that is made, renewed and taken over by conditional writes. Its age is the server's own: that an
object was written at, against that another one is written at now. No clock of a client plays a part.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bench.shared import remote
from bench.shared.objects import Objects, open_objects, version
from bench.shared.remote import RESULT

if TYPE_CHECKING:
    from obstore import ObjectMeta

AT_ONCE = 16
"""Requests under way together."""


class ObjectStorage:
    """A store at `s3://`, `gs://` or `az://`."""

    def __init__(self, url: str) -> None:
        self.place = url
        self.artifacts = open_objects(url, large=True)
        self._objects: Objects = open_objects(url)

    def versions(self) -> dict[str, str]:
        """By one listing of all files of all runs, a thousand a request."""
        found = ((meta["path"].split("/"), meta) for meta in self._objects.below("results"))
        return {path[1]: version(meta) for path, meta in found if path[2:] == [RESULT]}

    def documents(self, run_ids: Collection[str]) -> Iterator[tuple[str, str, bytes]]:
        """Several requests at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = pool.map(self._objects.get, [f"results/{run_id}/{RESULT}" for run_id in run_ids])
            for run_id, found in zip(run_ids, asked, strict=True):
                if found is not None:
                    yield run_id, version(found[1]), found[0]

    def file(self, run_id: str, name: str) -> bytes | None:
        """An object."""
        return self._objects.content(f"results/{run_id}/{name}")

    def write(self, run_id: str, files: Mapping[str, bytes]) -> str:
        """`result.json` last, over the one before: a kill in between leaves the run with its earlier result."""
        for name in files.keys() - {RESULT}:
            self._objects.put(f"results/{run_id}/{name}", files[name])
        return self._objects.put(f"results/{run_id}/{RESULT}", files[RESULT])

    def remove(self, run_id: str) -> None:
        """`result.json` first."""
        self._objects.delete(f"results/{run_id}/{RESULT}")
        self._objects.delete(*self._objects.paths(f"results/{run_id}"))

    def take(self, lease: str, token: str, holder: str) -> str | None:
        """Made, or taken over; who has it, where neither."""
        path, content = _path(lease), _content(holder, token)
        while not self._objects.put_if(path, content, "create"):
            found = self._objects.get(path)
            if found is None:
                continue  # it was given back in this moment
            if not self._has_ended(found[1]):
                return _holder(found[0])
            if self._objects.put_if(path, content, found[1]):
                return None
        return None

    def renew(self, lease: str, token: str, holder: str) -> bool:
        """Written again, over what was seen to be one's own."""
        found = self._own(lease, token)
        return found is not None and self._objects.put_if(_path(lease), _content(holder, token), found)

    def release(self, lease: str, token: str) -> None:
        """Removed."""
        if self._own(lease, token) is not None:
            self._objects.delete(_path(lease))

    def sweep(self) -> None:
        """Those that ended are taken over, so that no other one takes them meanwhile, and removed."""
        for found in list(self._objects.below("locks")):
            if self._has_ended(found) and self._objects.put_if(found["path"], b"", found):
                self._objects.delete(found["path"])

    def _own(self, lease: str, token: str) -> ObjectMeta | None:
        found = self._objects.get(_path(lease))
        return found[1] if found and token.encode() in found[0].splitlines() else None

    def _has_ended(self, lease: ObjectMeta) -> bool:
        now = time.monotonic() + self._offset
        return now - lease["last_modified"].timestamp() > remote.LEASE_SECONDS

    @functools.cached_property
    def _offset(self) -> float:
        """Seconds from this machine's steady clock to the server's time."""
        self._objects.put("clock", b"")
        found = self._objects.get("clock")
        return (found[1]["last_modified"].timestamp() if found else 0.0) - time.monotonic()


def _path(lease: str) -> str:
    return f"locks/{lease}"


def _content(holder: str, token: str) -> bytes:
    """Another one each time, as equal contents may have equal versions."""
    return f"{holder}\n{token}\n{time.monotonic_ns()}\n".encode()


def _holder(content: bytes) -> str:
    return content.decode(errors="replace").partition("\n")[0] or "a process unknown"
