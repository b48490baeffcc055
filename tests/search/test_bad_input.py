"""Each mistake is one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.cli import main
from tests.conftest import ROOT, Bench, bench_environment
from tests.search.conftest import QUIET


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bayes",), "recipe 'bayes' declares no space to search; these do: "),
        (("epochal[level=good,rate=0.1]",), "nothing is left to search of 'epochal': level, rate are all fixed"),
        (("epochal[levl=good]",), "has no parameter 'levl': did you mean 'level'?"),
        (("epochl",), "unknown recipe 'epochl': did you mean 'epochal'?"),
        (("trimmed",), "compresses a trained model: `python -m bench compress RUN --steps trimmed` searches"),
        (("epochal", "--metric", "acuracy"), "unknown metric 'acuracy': did you mean 'accuracy'?"),
        (("epochal", "--trials", "0"), "--trials 0: give 1 or more"),
        (("epochal", "--only", "rat"), "--only rat: not in the space of 'epochal': did you mean 'rate'?"),
        (("epochal[rate=0.1]", "--only", "rate"), "--only rate: it is fixed"),
        (("epochal", "--seeds", "0-2"), "--seeds 0-2 holds 0, the seed of the search itself"),
        (("epochal", "--study", "../x"), "--study '../x': use letters"),
        (("epochal", "--storage", "nonsense"), "--storage is no database URL"),
        (("epochal", "--storage", "what://x"), "--storage is no database URL"),
        (("epochal", "--storage", "sqlite:////proc/no/where.db"), "cannot be reached"),
        (("epochal", "--store", "/dev/null/store"), "cannot write to /dev/null/store"),
        (("epochal", "-d", "toi"), "unknown data set 'toi': did you mean 'toy'?"),
    ],
)
def test_wrong_usage(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in bench_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    dataset = () if "-d" in arguments else ("-d", "toy")
    with pytest.raises(SystemExit) as ended:
        main(["search", *arguments, *dataset])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("error: ") and error.count("\n") == 1


def test_a_study_of_another_question_is_named(bench: Bench) -> None:
    arguments = ("-d", "toy", "--study", "mine", "--trials", "1", *QUIET)
    assert bench("search", "epochal", *arguments).returncode == 0
    for recipe, more, message in (
        ("epochal", ("--metric", "macro_f1"), "metric changed (accuracy → macro_f1)"),
        ("epochal", ("--only", "rate"), "space changed"),
        ("epochal[epochs=2]", ("--smoke",), "data changed"),
    ):
        done = bench("search", recipe, *arguments, *more)
        assert done.returncode == 2, done.stdout
        assert f"study 'mine' was defined otherwise: {message}" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("optuna", (), "a search needs 'optuna': pip install -r requirements-search.txt"),
        ("psycopg2", ("--storage", "postgresql://me:secret@127.0.0.1:1/x"), "pip install psycopg2-binary"),
    ],
)
def test_what_is_not_installed(
    bench: Bench, tmp_path: Path, module: str, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / f"{module}.py").write_text(f"raise ModuleNotFoundError('no', name={module!r})\n")
    done = bench("search", "epochal", "-d", "toy", *arguments, PYTHONPATH=f"{tmp_path / 'fake'}:{ROOT}")
    assert done.returncode == 2
    assert message in done.stderr and "secret" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_database_that_does_not_answer(bench: Bench) -> None:
    pytest.importorskip("psycopg2", reason="psycopg2-binary is not installed")
    done = bench("search", "epochal", "-d", "toy", "--storage", "postgresql://me:secret@127.0.0.1:1/x")
    assert done.returncode == 2
    assert "the storage postgresql+psycopg2://me:***@127.0.0.1:1/x cannot be reached" in done.stderr
    assert "secret" not in done.stderr and done.stderr.count("\n") == 1
