"""A network whose training is killed within an epoch ends as if it had not been."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.baselines.conftest import Phase


@pytest.mark.parametrize(
    "names",
    [pytest.param(("dnn", "static"), id="dnn-static"), pytest.param(("lstm",), marks=pytest.mark.slow, id="lstm")],
)
def test_what_is_resumed_ends_with_the_same_weights(names: tuple[str, ...], phase: Phase, tmp_path: Path) -> None:
    """With shuffled texts, dropout of words and weights, and, in `dnn`, averaged weights."""
    for name, found in phase("resume", tmp_path, *names).items():
        assert found["first_step"] == 37 and found["stored"] == ["state.npz"], name
        assert found["told"] == ["epoch", "examples_per_s", "loss"], name
        assert found["histories"][0] == found["histories"][1] and len(found["histories"][0]) == 3, name
        assert found["best_epochs"][0] == found["best_epochs"][1], name
        for file in (tmp_path / name / "unbroken").iterdir():
            assert file.read_bytes() == (tmp_path / name / "resumed" / file.name).read_bytes(), (name, file.name)
