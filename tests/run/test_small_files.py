"""Files of few texts, and of mostly one label: what cannot be known is not said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Bench

LINES = ("the soup looks awful", "bad"), ("the lamp is worth every cent", "good")
THINGS = ("soup", "lamp", "train", "hotel", "film", "phone", "crew", "chair", "garden", "ticket")


def write(folder: Path, name: str, rows: list[tuple[str, str]]) -> None:
    (folder / name).write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in rows))


def run(bench: Bench, name: str, *recipes: str) -> None:
    options = [part for recipe in recipes for part in ("-r", recipe)]
    done = bench("run", *options, "-d", name, "--measure", "none")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("each", [3, 16])
def test_nothing_is_recommended_by_a_handful_of_texts_and_no_interval_is_a_point(
    bench: Bench, tmp_path: Path, each: int
) -> None:
    write(tmp_path, "six.csv", [(f"{text} {i}", label) for i in range(each) for text, label in LINES])
    run(bench, "six.csv", "constant", "bayes")
    board = bench("compare").stdout
    assert "1.000–1.000" not in board and "0.000–0.000" not in board
    done = bench("recommend", "-d", "six.csv")
    assert done.returncode == 2 and "Ship" not in done.stdout and done.stderr.count("\n") == 1
    assert "too few to choose a model by: 20 are the least" in done.stderr


def test_of_mostly_one_label_macro_f1_decides_and_the_floor_is_never_advised(bench: Bench, tmp_path: Path) -> None:
    rows = [(f"the {THINGS[i % 10]} number {i} is {'odd' if i % 7 == 0 else 'as it was'}", i) for i in range(700)]
    write(tmp_path, "own.csv", [(text, "ironic" if i % 7 == 0 else "plain") for text, i in rows])
    run(bench, "own.csv", "constant")
    done = bench("recommend", "-d", "own.csv")
    assert done.returncode == 2 and "it is no model to ship" in done.stderr
    run(bench, "own.csv", "bayes")
    said = bench("compare").stdout
    assert "ranked by macro-F1" in said
    assert "86 % of the texts have the label 'plain': accuracy says little, so that macro-F1 decides" in said
    assert bench("recommend", "-d", "own.csv").stdout.strip().startswith("Ship bayes")
    assert said.index("bayes") < said.index("Constant")
    assert bench("verify", "store").returncode == 0
