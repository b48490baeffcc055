"""A child beside its parent, in bytes of their files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.api import Training, bytes_on_disk

MEGABYTE = 1e6


def compared(training: Training, teacher: Path, student: Path) -> Training:
    """`training` with the size of the teacher; a student that is no smaller is warned of."""
    teacher_bytes, student_bytes = bytes_on_disk(teacher), bytes_on_disk(student)
    if student_bytes >= teacher_bytes:
        sizes = f"the student takes {student_bytes / MEGABYTE:.1f} MB, its teacher {teacher_bytes / MEGABYTE:.1f} MB"
        warning = f"{sizes}: it is no smaller, so this compresses nothing"
        training = replace(training, warnings=[*training.warnings, warning])
    return replace(training, teacher_bytes=teacher_bytes)
