"""Which layer of its teacher each layer of a student looks at."""

from __future__ import annotations

from bench.api import BenchError, did_you_mean

MAPS = ("uniform", "last")


def mapped(text: str, student: int, teacher: int) -> list[tuple[int, int]]:
    """Pairs of layers, each from 0, for so many layers of student and teacher.

    `uniform` spreads the student's evenly, its last beside the teacher's last (TinyBERT; PKD-skip of Sun et al., 2019);
    `last` puts them beside the teacher's last ones (PKD-last); `3-6-9-12` names the teacher's layer for each of the
    student's, from 1, and 0 for none (`0-0-0-12` is MiniLM's). Raises `BenchError` for what cannot be.
    """
    if text == "uniform":
        return [(i, max(1, (i + 1) * teacher // student) - 1) for i in range(student)]
    if text == "last":
        both = min(student, teacher)
        return [(student - both + i, teacher - both + i) for i in range(both)]
    parts = text.split("-")
    if not all(part.isdigit() for part in parts):
        raise BenchError(f"layer_map={text}: {did_you_mean(text, MAPS)}; or name layers of the teacher, as in 3-6-9-12")
    chosen = [int(part) for part in parts]
    if len(chosen) != student or max(chosen) > teacher or not any(chosen):
        raise BenchError(
            f"layer_map={text}: give one layer of the teacher, 1 to {teacher} or 0 for none, for each of the student's "
            f"{student} layers"
        )
    return [(i, layer - 1) for i, layer in enumerate(chosen) if layer]
