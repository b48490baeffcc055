"""The commands as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.board.table import CSV_COLUMNS
from bench.cli import main
from bench.store import Store
from tests.conftest import run_bench
from tests.report.lineages import lineages
from tests.report.synthetic import MODELS, Model, failure, grid, result


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", ["compare", "export", "report"])
@pytest.mark.parametrize("exists", [True, False])
def test_empty_store_says_what_to_run(
    command: str, exists: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "empty"
    if exists:
        (root / "results").mkdir(parents=True)
    out = ["--out", str(tmp_path / "out")] if command == "report" else []
    assert call(command, "--store", str(root), *out) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "python -m bench run quick" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("width", [100, 130, 160])
def test_compare_fits_the_screen(
    width: int, full_store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    call("compare", "--store", str(full_store.root), "--dataset", "emotions")
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    assert "=1" in text and "±" in text and "out of memory" in text and "p50 ms" in text
    assert "hostile" not in text


def test_at_80_columns_a_model_is_a_line_and_the_answer_is_the_first(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lineages(store, seeds=1)
    call("compare", "--store", str(store.root))
    _, name, answer, *more = capsys.readouterr().out.splitlines()
    assert name == "emotions" and answer.startswith("Ship Static look-up · distilled: ")
    table = more[next(i for i, line in enumerate(more) if line.lstrip().startswith("#")) :]
    assert len(table) == 1 + 7 and max(map(len, table)) <= 80
    assert {"model", "score", "p50", "MB"} <= set(table[0].split())
    small = next(line for line in table if "TinyBERT-4 · pruned 60 % · ONNX int8" in line)
    assert "0.930" in small and "4.80" in small and "0.689" in small


def test_compare_of_many_models_shows_the_best_and_counts_the_rest(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in grid(50):
        store.put(*result(model, dataset="emotions", n=50))
    store.put(failure(Model("broken")))
    store.put(*result(MODELS[1], dataset="imdb", n=50))
    call("compare", "--store", str(store.root))
    assert "… 41 more, 1 of them without scores: python -m bench compare -d 'emotions'" in capsys.readouterr().out
    call("compare", "--store", str(store.root), "-d", "emotions")
    text = capsys.readouterr().out
    assert "more" not in text and "✗ broken" in text


def test_compare_json(full_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    call("compare", "--store", str(full_store.root), "--json")
    found = json.loads(capsys.readouterr().out)
    boards = found["boards"]
    assert [board["name"] for board in boards] == ["emotions", "hostile"] and found["across"] is None
    assert boards[0]["lines"][0]["rank"] == 1 and boards[0]["lines"][-1]["status"] == "out_of_memory"


def test_unknown_data_set_names_the_nearest(full_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("compare", "--store", str(full_store.root), "-d", "emotion") == 2
    assert "did you mean 'emotions'?" in capsys.readouterr().err


def test_corrupt_result_is_skipped_with_a_warning(tmp_path: Path, full_store: Store) -> None:
    import shutil

    root = tmp_path / "store"
    shutil.copytree(full_store.root, root)
    victim = next(path for path in sorted((root / "results").iterdir()) if "linear" in path.name)
    (victim / "result.json").write_bytes(b'{"schema_version": 1, "run_')
    done = run_bench(tmp_path, "compare", "--store", str(root))
    assert victim.name in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_export_to_file_and_screen(full_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "results.csv"
    call("export", "--store", str(full_store.root), "--out", str(out))
    assert out.read_text().startswith(",".join(CSV_COLUMNS))
    capsys.readouterr()
    for name, start in (("md", "# Leaderboard"), ("latex", r"\begin{table}"), ("json", "[")):
        call("export", "--store", str(full_store.root), "--format", name)
        assert capsys.readouterr().out.startswith(start)


def test_export_replaces_only_files_and_only_when_asked(
    full_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, out, link = ("--store", str(full_store.root)), tmp_path / "mine.csv", tmp_path / "link.csv"
    out.write_text("mine")
    link.symlink_to(out)
    for path in (out, link):
        assert call("export", *store, "--out", str(path)) == 2
        assert "mine.csv is there already: --overwrite replaces it" in capsys.readouterr().err
    assert out.read_text() == "mine"
    call("export", *store, "--out", str(link), "--overwrite")
    assert link.is_symlink() and out.read_text().startswith("run_id,") and len(list(tmp_path.glob("*.csv"))) == 2
    call("export", *store, "--out", "/dev/null")
    assert Path("/dev/null").is_char_device()
    assert call("export", *store, "--out", str(tmp_path)) == 2
    assert "is a folder: give a file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["index.html", "report.html", "results.csv", "figures/mine.png", "results/mine.txt"])
def test_a_report_goes_into_no_folder_with_files_of_others(
    full_store: Store, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert call("report", "--store", str(full_store.root), "--out", str(tmp_path / "out")) == 2
    error = capsys.readouterr().err
    assert "which is of no earlier report: choose another folder" in error and error.count("\n") == 1
    assert mine.read_text() == "mine" and len(list((tmp_path / "out").iterdir())) == 1


def test_export_into_a_file_as_folder_is_one_line(
    full_store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call("export", "--store", str(full_store.root), "--out", str(tmp_path / "file" / "x.csv")) == 2
    assert capsys.readouterr().err.startswith("error: cannot write")


def test_unknown_format_is_wrong_usage(full_store: Store) -> None:
    assert call("export", "--store", str(full_store.root), "--format", "xlsx") == 2


def test_report_into_the_store_is_refused(full_store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("report", "--store", str(full_store.root), "--out", str(full_store.root)) == 2
    assert "is the store itself" in capsys.readouterr().err
