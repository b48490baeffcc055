"""A data set of Kaggle, by its handle."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.data.manifest import Entry
from bench.errors import DataError
from bench.requirements import install_command


def from_kaggle(found: Entry, folder: Path) -> None:
    """Download a set with `kagglehub` and copy its files below `folder` under our names."""
    assert found.kaggle is not None
    try:
        import kagglehub
    except ImportError:
        raise DataError(
            f"to fetch '{found.name}' the package 'kagglehub' is needed: {install_command('kagglehub')}"
        ) from None
    for ours, theirs in found.kaggle_files.items():
        try:
            downloaded = kagglehub.dataset_download(found.kaggle, path=theirs)
        except Exception as error:  # likewise
            first = (str(error).splitlines() or [""])[0][:200]
            raise DataError(
                f"cannot fetch '{found.name}' from Kaggle ({found.kaggle}): {type(error).__name__}: {first}; "
                "check the network and, if it asks for them, your Kaggle credentials, and run the same command again"
            ) from None
        path = folder / ours
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(downloaded, path)
