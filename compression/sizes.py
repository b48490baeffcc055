"""A child beside its parent, in bytes of their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.api import Training

MEGABYTE = 1e6


def folder_bytes(folder: Path) -> int:
    """What the files of an artifact take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def compared(training: Training, teacher: Path, student: Path) -> Training:
    """`training` with the size of the teacher; a student that is no smaller is warned of."""
    theirs, own = folder_bytes(teacher), folder_bytes(student)
    if own >= theirs:
        taken = f"the student takes {own / MEGABYTE:.1f} MB, its teacher {theirs / MEGABYTE:.1f} MB"
        warning = f"{taken}: it is no smaller, so this compresses nothing"
        training = replace(training, warnings=[*training.warnings, warning])
    return replace(training, teacher_bytes=theirs)
