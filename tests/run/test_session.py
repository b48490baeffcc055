"""A measuring session that is cut off: whole rounds stay, and it goes on only where nothing has changed."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from bench.measure.schedule import REHEARSAL
from bench.run.launcher import Ended
from bench.run.session import Block, Contestant, Journal, open_journal
from bench.store import Store
from tests.conftest import Bench
from tests.run.test_crash import _start, _wait_for

BAYES, TRIMMED = Contestant("bayes", Path("a" * 8)), Contestant("trimmed", Path("b" * 8))


def block(*contestants: Contestant, dataset: str = "toy") -> Block:
    return Block(dataset, ["one text"], 3, REHEARSAL, contestants or (BAYES, TRIMMED))


def opened(folder: Path, *blocks: Block) -> tuple[Journal, list[str]]:
    notes: list[str] = []
    return open_journal(folder / "measuring", blocks or (block(),), notes.append), notes


def change(folder: Path, **changes: Any) -> None:
    path = folder / "measuring" / "session.json"
    record = json.loads(path.read_text())
    record["session"] |= {name: value for name, value in changes.items() if name in record["session"]}
    path.write_text(json.dumps(record | {k: v for k, v in changes.items() if k not in record["session"]}))


def test_whole_rounds_stay_with_the_gap_and_a_round_cut_in_two_goes(tmp_path: Path) -> None:
    journal, notes = opened(tmp_path)
    assert not notes and journal.session.gaps == []
    for number in range(2):
        journal.start_round(number)
        journal.place(number, 1, BAYES).mkdir(parents=True)
        if number == 0:
            journal.end_round(number)
    again, notes = opened(tmp_path)
    assert again.session.id == journal.session.id and again.whole == 1
    assert [gap.before_round for gap in again.session.gaps] == [1]
    assert len(notes) == 1 and "goes on after a gap" in notes[0] and "1 whole round " in notes[0]
    again.start_round(1)
    assert again.place(0, 1, BAYES).is_dir() and not again.place(1, 1, BAYES).exists()


def test_what_failed_before_the_stop_stays_failed_with_its_reason(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    journal.fail(BAYES, Ended("timeout", reason="still running after 4 s"))
    again, _ = opened(tmp_path)
    assert (again.failed["bayes"].status, again.failed["bayes"].reason) == ("timeout", "still running after 4 s")


def test_a_block_that_is_done_is_not_timed_again_and_a_finished_session_is_another(tmp_path: Path) -> None:
    blocks = block(), block(dataset="emotions")
    journal, _ = opened(tmp_path, *blocks)
    journal.end_block(blocks[0])
    again, notes = opened(tmp_path, *blocks)
    assert [again.is_done(b) for b in blocks] == [True, False] and "1 of 2 data sets are done" in notes[0]
    again.end_block(blocks[1])
    new, notes = opened(tmp_path, *blocks)
    assert new.session.id != journal.session.id and not notes


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"boot_id": "another"}, "the machine was started again"),
        ({"boot_id": None}, "the machine was started again"),
        ({"kernel": "1.0"}, "the machine is another one"),
        ({"machine": "another"}, "the machine is another one"),
        ({"software": "another"}, "packages or code have changed"),
    ],
)
def test_under_any_change_it_is_a_new_session_and_says_why(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    journal, _ = opened(tmp_path)
    journal.start_round(0)
    journal.end_round(0)
    change(tmp_path, **changes)
    new, (note,) = opened(tmp_path)
    assert new.session.id != journal.session.id and new.whole == 0 and new.session.gaps == []
    assert "was cut off and is not continued" in note and why in note


def test_other_contestants_are_another_session(tmp_path: Path) -> None:
    journal, _ = opened(tmp_path)
    new, (note,) = opened(tmp_path, block(BAYES))
    assert new.session.id != journal.session.id and "it timed other artifacts" in note
    altered, (note,) = opened(tmp_path, block(Contestant("bayes", Path("c" * 8))))
    assert altered.session.id != new.session.id and "it timed other artifacts" in note


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"session": 7}'])
def test_a_damaged_journal_is_no_session(tmp_path: Path, content: bytes) -> None:
    opened(tmp_path)
    (tmp_path / "measuring" / "session.json").write_bytes(content)
    journal, notes = opened(tmp_path)
    assert journal.whole == 0 and not notes


@pytest.mark.slow
def test_a_killed_measuring_goes_on_in_its_session(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    arguments = ("run", "-r", "bayes", "-d", "toy", "--smoke")
    process = _start(tmp_path, *arguments)
    _wait_for(lambda: (store.measuring / "1").exists(), 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    session = json.loads((store.measuring / "session.json").read_text())["session"]["id"]
    done = bench(*arguments)
    assert done.returncode == 0 and f"Session {session} goes on after a gap of 0 min; 1 whole round " in done.stdout
    (result,) = store.read_all()
    assert result.measurement is not None and result.measurement.session is not None
    assert result.measurement.session.id == session
    assert [gap.before_round for gap in result.measurement.session.gaps] == [1]
    assert {r.number for r in result.measurement.timed} == {0, 1}
