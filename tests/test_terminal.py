"""What the terminal says: a line of what each thing is, help of one's own, whole numbers, and what to do next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.recipe_help import parameters
from bench.registry import TRACKS, load_recipe, recipe_files, source_hash
from bench.store import Store
from tests.conftest import RECIPES, Bench, bench_environment
from tests.forks import ROOT, as_text, fork

OWN = [file.name for file in recipe_files().values() if file.track in TRACKS]
BAYES = ("run", "-r", "bayes", "-d", "toy", "--measure", "none", "--smoke")


def test_list_tells_what_each_is_in_one_line_of_the_screen(bench: Bench) -> None:
    lines = bench("list", COLUMNS="80").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    items = [line.split(maxsplit=1) for line in lines if line.startswith(" ")]
    assert {"finetune", "emotions", "quick", "bayes"} <= {item[0] for item in items}
    assert all(len(item) == 2 for item in items), "each is told"


def test_a_recipe_that_cannot_be_imported_hides_no_other(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "torn.py").write_text("import no_such_module\n")
    done = bench("list", "recipes", SENTIBENCH_RECIPES=str(tmp_path / "mine"))
    assert done.returncode == 0 and "cannot be imported" in done.stdout and "linear" in done.stdout


@pytest.mark.parametrize("name", OWN)
def test_each_parameter_has_a_meaning_and_a_kind(name: str) -> None:
    for parameter in parameters(load_recipe(name)):
        assert parameter.meaning, parameter.name
        assert parameter.kind or parameter.default == "None", parameter.name


@pytest.mark.parametrize(
    "arguments", [("transformers_pt", "finetune", "--help"), ("tf_tinybert", "mini", "-d", "toy", "-h")]
)
def test_the_help_of_a_tracks_recipe_is_its_own(arguments: tuple[str, ...], tmp_path: Path) -> None:
    settings = bench_environment(tmp_path) | {"COLUMNS": "80"}
    done = as_text(fork("bench", *arguments, environment=settings, folder=tmp_path))
    assert done.returncode == 0 and max(map(len, done.stdout.splitlines()[4:])) <= 80, done.stderr
    assert "Usage:" not in done.stdout and "lora" not in done.stdout
    shown = " ".join(done.stdout.split())
    assert "--weight-decay 0.01 number: of AdamW" in shown and "--epochs 4 integer: passes over" in shown


def test_no_count_is_cut_on_a_narrow_screen(bench: Bench, tmp_path: Path) -> None:
    name = "a-data-set-with-a-rather-long-name.csv"
    rows = "".join(f"text number {number},{'ab'[number % 2]}\n" for number in range(40_000))
    (tmp_path / name).write_text("text,label\n" + rows)
    done = bench("data", "check", name, COLUMNS="80")
    table = done.stdout.splitlines()[:4]
    assert done.returncode == 0 and max(map(len, table)) <= 80
    assert {name, "ok", "32,000", "4,000", "2"} <= set(done.stdout.split()) and "…" not in done.stdout


def test_a_run_ends_with_the_board_and_the_next_command_and_a_report_with_its_address(
    bench: Bench, tmp_path: Path
) -> None:
    done = bench(*BAYES)
    *_, last = done.stdout.splitlines()
    assert done.returncode == 0 and last.startswith("next: `python -m bench report`")
    assert "score" in done.stdout.partition("1 ok")[2], "the board comes after the summary"
    shown = bench("report", "--out", "my report")
    assert (tmp_path / "my report" / "index.html").as_uri() in shown.stdout and "my%20report" in shown.stdout


def test_nothing_that_ran_is_no_board(bench: Bench) -> None:
    done = bench("run", "-r", "broken", "-d", "toy", "--measure", "none", "--smoke")
    assert done.returncode == 4 and "next:" not in done.stdout


@pytest.mark.parametrize("module", ["bench", "sentibench", "serving", *TRACKS])
def test_without_the_environment_one_line_says_what_to_do(module: str) -> None:
    code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module({module!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr.startswith("error: "), done.stderr
    assert "make bench" in done.stderr and "source .venv/bin/activate" in done.stderr


def test_words_are_completed(tmp_path: Path) -> None:
    script = tmp_path / "sentibench"
    script.write_text("from bench.cli import main\nmain()\n")

    def completed(*words: str) -> set[str]:
        asked = {
            "_SENTIBENCH_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        settings = bench_environment(tmp_path) | asked
        shown = subprocess.run(
            [sys.executable, str(script)], env=settings, cwd=tmp_path, capture_output=True, text=True
        )
        return set(shown.stdout.split())

    assert {"recommend", "report"} <= completed("sentibench", "re")
    assert completed("sentibench", "run", "-r", "lin") == {"linear"}
    assert completed("sentibench", "run", "-d", "emo") == {"emotions"}
    assert completed("sentibench", "run", "qui") == {"quick"}


@pytest.fixture
def parent(bench: Bench, tmp_path: Path) -> str:
    """A run of `bayes`."""
    assert bench(*BAYES).returncode == 0
    (run,) = Store(tmp_path / "store").run_ids()
    return run


def test_a_parent_that_does_not_fit_and_a_wrong_choice_are_found_before_anything_runs(
    bench: Bench, parent: str, tmp_path: Path
) -> None:
    for recipe, message in (
        ("quantize", "recipe 'quantize' takes artifacts of finetune, lora, not of 'bayes'"),
        ("prune", "recipe 'prune' takes artifacts of finetune, lora, not of 'bayes'"),
        ("port", "recipe 'port' takes artifacts of tinybert, finetune, not of 'bayes'"),
        ("distill[student=lstn]", "did you mean 'lstm'?"),
    ):
        done = bench("run", "-r", recipe, "--parent", parent)
        assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert Store(tmp_path / "store").run_ids() == [parent]


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([{"id": "a", "recipe": "linear"}, {"recipe": "export", "parent": "a"}], "takes artifacts of finetune"),
        ([{"id": "a", "recipe": "finetune"}, {"recipe": "quantize", "parent": "a", "params": {"to": "onnx-int9"}}],
         "to=onnx-int9: did you mean 'onnx-int8'?"),
        ([{"id": "a", "recipe": "dnn"}, {"id": "b", "recipe": "tfmot", "parent": "a"},
          {"recipe": "prune", "parent": "b"}], "'prune' takes artifacts of finetune, lora, not of 'dnn'"),
        ([{"id": "a", "recipe": "dnn"}, {"recipe": "tfmot", "parent": "a", "params": {"method": "prun"}}],
         "method=prun: did you mean 'prune'?"),
        ([{"id": "a", "recipe": "dnn"}, {"recipe": "litert", "parent": "a", "params": {"precision": "int8"}}],
         "precision=int8: did you mean"),
    ],
)  # fmt: skip
def test_so_they_are_in_a_suite(bench: Bench, tmp_path: Path, runs: list[dict[str, object]], message: str) -> None:
    (tmp_path / "mine.yaml").write_text(json.dumps({"name": "mine", "datasets": ["toy"], "runs": runs}))
    done = bench("run", "mine.yaml")
    assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "store" / "prepared").exists(), "no data set was read"


def test_what_refuses_requests_trains_nothing_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words in a function are code as any other."""
    source = (RECIPES / "trimmed.py").read_text()
    declared = source.replace(
        '    example = "bayes"\n', '    example = "bayes"\n    takes = ("bayes",)\n    choices = {"a": ("b",)}\n'
    )
    coded = source.replace("    ) -> Training:\n", '    ) -> Training:\n        takes = "bayes"\n', 1)
    hashes = []
    for text in (source, declared, coded):
        (tmp_path / "trimmed.py").write_text(text)
        monkeypatch.setenv("SENTIBENCH_RECIPES", str(tmp_path))
        hashes.append(source_hash(load_recipe("trimmed")))
    assert hashes[0] == hashes[1] != hashes[2]
