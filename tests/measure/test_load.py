"""What others do meanwhile, read from the kernel's accounts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bench.measure.load import STAT, OtherLoad

LINE = "cpu  {} 200 300 5000 40 5 6 {} 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n"


def test_what_cores_did_beside_us_counts_and_what_another_guest_took(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text(LINE.format(100, 10))
    load = OtherLoad(stat)
    time.sleep(0.05)
    stat.write_text(LINE.format(100 + 60_000, 10 + 60_000))  # 1200 seconds of processor time
    assert (load.cores() or 0) > 10


def test_nothing_beside_us_is_none(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text(LINE.format(100, 10))
    load = OtherLoad(stat)
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert load.cores() == 0.0


@pytest.mark.parametrize("content", [None, "", "cpu\n", "intr 1 2 3 4 5 6 7 8\n", "cpu a b c d e f g h\n"])
def test_without_accounts_the_load_is_unknown_not_none(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "stat").write_text(content)
    assert OtherLoad(tmp_path / "stat").cores() is None


@pytest.mark.skipif(not STAT.exists(), reason="no /proc/stat on this system")
def test_this_machine_keeps_accounts() -> None:
    load = OtherLoad()
    time.sleep(0.05)
    assert (load.cores() or 0.0) >= 0.0 and load.cores() is not None
