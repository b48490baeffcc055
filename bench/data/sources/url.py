"""A file by its address at a pinned commit; what a cut connection left is gone on from."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from bench.errors import DataError

_CHUNK = 1 << 18
_TIMEOUT = 60.0


def download(url: str, path: Path, report: Callable[[str, int, int | None], None]) -> None:
    """Write the file at `url` to `path`, going on from `path.part`; `report` gets url, bytes so far and in all."""
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            _save(response, part, have if response.status == HTTPStatus.PARTIAL_CONTENT else 0, url, report)
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
            download(url, path, report)
            return
        raise DataError(f"cannot fetch {url}: HTTP {error.code} {error.reason}") from None
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(f"cannot fetch {url}: {reason}; check the network and run the same command again") from None
    part.replace(path)


def _save(
    response: HTTPResponse, part: Path, have: int, url: str, report: Callable[[str, int, int | None], None]
) -> None:
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else None
    with part.open("ab" if have else "wb") as file:
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            have += len(chunk)
            report(url, have, total)
    if total is not None and have < total:
        raise DataError(
            f"connection to {url} was cut at {have:,} of {total:,} bytes; run the same command again to go on"
        )
