"""Every command of the README runs as it is printed, and what it prints there is what it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, bench_environment
from tests.forks import as_text, fork, start
from tests.serving.server import free_port

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^(?:\$ )?((?:make|source|python|pip) .*?)(?: {2,}#.*)?$", re.MULTILINE)
ENVIRONMENT = {"source .venv/bin/activate", "pip install -r requirements-fasttext.txt"}
"""What changes the environment of the tests."""
MADE = {"make bench", "make test"}
ASKED = "python -m bench recommend --store reports -d emotions --max-size-mb 5"
TABLE = "python -m bench recommend --store reports --markdown"
QUICK = {"python -m bench list": "suites:", "python -m transformers_pt finetune --help": "--weight-decay"}
SLOW = {"python -m bench verify reports": "all numbers agree", "python -m bench data audit covid19-5": "VADER"}
AUTO = "python -m bench auto mine.csv --minutes 10 --max-latency-ms 5"
SERVED = "python -m serving http RUN --port 8080"
SCORED = "python -m serving predict RUN -i more.csv -o scored.csv"
BY_HAND = "python -m bench run -r linear -r static -d mine.csv --seeds 0-2"


def commands() -> set[str]:
    """Of the blocks and of what stands in a line of text."""
    inline = re.findall(r"`([^`\n]+)`", BLOCKS.sub("", TEXT))
    found = [*LINE.findall("\n".join(BLOCKS.findall(TEXT))), *(one for one in inline if LINE.fullmatch(one))]
    return {one.strip() for one in found}


Run = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A printed command in a folder that has the published reports, on 80 columns."""
    for name in ("reports", "requirements-fasttext.txt"):
        (tmp_path / name).symlink_to(ROOT / name)

    def run(command: str) -> subprocess.CompletedProcess[str]:
        python, dash, *words = shlex.split(command)
        assert (python, dash) == ("python", "-m")
        environment = bench_environment(tmp_path) | {"COLUMNS": "80", "SENTIBENCH_RECIPES": ""}
        return as_text(fork("bench", *words, environment=environment, folder=tmp_path, seconds=2400))

    return run


def test_every_command_is_tried_by_a_test_of_this_file() -> None:
    tried = {*ENVIRONMENT, *MADE, ASKED, TABLE, *QUICK, *SLOW, AUTO, SERVED, SCORED, BY_HAND}
    assert commands() == tried


@pytest.mark.parametrize("command", sorted(MADE))
def test_make_has_its_targets(command: str) -> None:
    """`benchmarks/from_nothing.py` makes them of a clone, with everything that they install."""
    done = subprocess.run([*shlex.split(command), "-n"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and ".venv/bin/python" in done.stdout


@pytest.mark.parametrize("command", sorted(QUICK))
def test_what_is_there_is_listed(command: str, run: Run) -> None:
    done = run(command)
    assert done.returncode == 0 and QUICK[command] in done.stdout, done.stderr


def test_the_first_answer_is_the_one_that_is_printed(run: Run) -> None:
    printed = TEXT.partition(f"$ {ASKED}\n")[2].partition("…\n")[0]
    done = run(ASKED)
    shown = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    assert done.returncode == 0 and shown.startswith(printed.rstrip()), done.stdout + done.stderr


@pytest.mark.slow
def test_the_table_of_results_is_the_one_that_is_printed(run: Run) -> None:
    done = run(TABLE)
    assert done.returncode == 0 and done.stdout.strip() in TEXT, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(SLOW))
def test_what_is_published_is_recomputed(command: str, run: Run) -> None:
    done = run(command)
    if "not found" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0 and SLOW[command] in done.stdout, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_file_of_ones_own_is_trained_on_served_and_scored(run: Run, tmp_path: Path) -> None:
    words = {"good": ("fine", "great", "sunny", "kind"), "bad": ("awful", "grey", "broken", "rude")}
    rows = [f"a {told[i % 4]} day {i},{label}" for label, told in words.items() for i in range(300)]
    (tmp_path / "mine.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    (tmp_path / "more.csv").write_text("text\na sunny day\na rude day\n")
    (tmp_path / "reports").unlink()  # `report` writes one of its own
    by_hand = run(BY_HAND)
    assert by_hand.returncode == 0 and "next: `python -m bench report`" in by_hand.stdout, by_hand.stderr
    for verb in ("compare", "recommend", "report"):
        assert run(f"python -m bench {verb}").returncode == 0
    auto = run(AUTO)
    assert auto.returncode == 0, auto.stdout + auto.stderr
    name = re.findall(r"serve it: python -m serving http (\S+)", auto.stdout)[-1]
    scored = run(SCORED.replace("RUN", name))
    assert scored.returncode == 0, scored.stderr
    assert [line.split(",")[1] for line in (tmp_path / "scored.csv").read_text().splitlines()[1:]] == ["good", "bad"]
    port = free_port()
    said = _answered(SERVED.replace("RUN", name).replace("8080", str(port)), tmp_path, port)
    assert f"http://127.0.0.1:{port}/" in said


def _answered(command: str, folder: Path, port: int) -> str:
    """What a server has written by its first answer, within a minute."""
    streams = (os.devnull, str(folder / "out"), str(folder / "err"))
    process = start(
        "bench", *shlex.split(command)[2:], environment=bench_environment(folder), folder=folder, streams=streams
    )
    try:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
                return (folder / "err").read_text()
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError((folder / "err").read_text())
    finally:
        process.terminate()
        process.wait(60)
