"""`bench measure` and `bench calibrate`, as a user calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.board.aggregate import boards
from bench.board.predictions import Predictions
from bench.board.rows import rows
from bench.board.speed import SpeedUp, speed_up
from bench.cli import main
from bench.noise_floor import read_noise_floors
from bench.schema import Result
from bench.store import Store
from tests.conftest import Bench
from tests.report.synthetic import Model, result


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), "".join(capsys.readouterr())


def test_what_cannot_be_timed_is_left_out_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path)
    made, arrays = result(Model("linear"))
    store.put(made, arrays)
    code, said = refused(capsys, "measure", "--store", str(tmp_path))
    assert code == 4 and "left out Linear SVM: its artifact is not in the store" in said and "nothing to time" in said
    (store.artifacts / str(made.identity.artifact)).mkdir(parents=True)
    code, said = refused(capsys, "measure", "--store", str(tmp_path))
    assert code == 4 and "was altered; `bench run` trains it again" in said
    assert refused(capsys, "measure", "-d", "imdb", "--store", str(tmp_path))[0] == 2
    code, said = refused(capsys, "calibrate", made.run_id[:-1], "--store", str(tmp_path))
    assert code == 2 and f"did you mean '{made.run_id}'" in said


def test_a_store_without_results_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = refused(capsys, "measure", "--store", str(tmp_path))
    assert code == 4 and "python -m bench run quick" in said


@pytest.mark.slow
def test_a_board_is_timed_again_in_one_session_and_calibrated(bench: Bench, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    assert bench("run", "-r", "bayes", "-d", "toy", "--smoke").returncode == 0
    (parent,) = store.read_all()
    assert bench("run", "-r", "trimmed", "--parent", parent.run_id, "-d", "toy", "--smoke").returncode == 0
    before = ratio_of(store)
    assert before.reason == "other session"
    done = bench("measure", "-d", "toy")
    assert done.returncode == 0 and "Timing 2 models" in done.stdout, done.stdout + done.stderr
    sessions = {session_of(result) for result in store.read_all()}
    assert len(sessions) == 1 and session_of(parent) not in sessions
    assert ratio_of(store).estimate is not None
    assert bench("verify", str(store.root)).returncode == 0
    calibrated = bench("calibrate", parent.run_id)
    assert calibrated.returncode == 0 and "is no difference on this machine" in calibrated.stdout, calibrated.stderr
    made = read_noise_floors(store.root)
    read = rows(store.read_all())
    (board,) = boards(read, Predictions(store, read), made)
    assert board.noise.calibrated_at and board.noise.p50 == made[-1].p50_floor
    assert session_of(store.result(parent.run_id)) in sessions, "a calibration changes no row"
    assert not store.measuring.exists()


def ratio_of(store: Store) -> SpeedUp:
    read = {row.recipe: row for row in rows(store.read_all())}
    (board,) = boards(list(read.values()), Predictions(store, []))
    return speed_up([(read["bayes"], read["trimmed"])], board.noise)


def session_of(result: Result) -> str:
    assert result.measurement is not None and result.measurement.session is not None
    return result.measurement.session.id
