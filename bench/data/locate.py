"""Where the files of a data set lie: the folders searched, in order, and the error when a file is in none."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import DataError

REPOSITORY = Path(__file__).parents[2]


def cache_root(kind: str = "data") -> Path:
    """The local cache of what was fetched, `data` or `weights`: in `$SENTIBENCH_CACHE`, else `~/.cache/sentibench`."""
    return Path(os.environ.get("SENTIBENCH_CACHE") or Path.home() / ".cache" / "sentibench") / kind


def data_roots(data_dir: Path | None = None) -> list[Path]:
    """The folders searched: `data_dir` or `$SENTIBENCH_DATA`, `data/`, `../shared/data`, the local cache."""
    chosen = data_dir or (Path(os.environ["SENTIBENCH_DATA"]) if os.environ.get("SENTIBENCH_DATA") else None)
    if chosen is not None and not chosen.is_dir():
        raise DataError(f"data folder {chosen} does not exist; correct --data-dir or $SENTIBENCH_DATA")
    bases = (Path.cwd(), REPOSITORY)
    roots = [chosen] if chosen is not None else []
    roots += [base / "data" for base in bases] + [base.parent / "shared" / "data" for base in bases]
    return list(dict.fromkeys([*roots, cache_root()]))


def find_file(relative: str, roots: list[Path]) -> Path | None:
    """The first copy of a file, as it is or as `.xz`."""
    for root in roots:
        for path in (root / relative, root / f"{relative}.xz"):
            if path.is_file():
                return path
    return None


def missing_error(name: str, relative: str, roots: list[Path], source: str, fetchable: bool) -> DataError:
    """The error of a missing file: where it was looked for and how to get it."""
    here = Path.cwd()
    shown = ", ".join(os.path.relpath(r, here) if r.is_relative_to(here.parent) else str(r) for r in roots)
    how = f"run 'python -m bench data fetch {name}', or put it there from" if fetchable else "put it there from"
    return DataError(f"data set '{name}': file {relative} (or .xz) not found in {shown}; {how} {source}")
