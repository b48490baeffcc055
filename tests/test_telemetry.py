"""No command calls anybody: each runs where only loopback answers, and the kernel counts what else was tried."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.run.launcher import worker_environment
from bench.store import Store
from bench.telemetry import OFF
from tests.conftest import ROOT, bench_environment

ALONE = ["unshare", "--map-root-user", "--net", sys.executable, str(ROOT / "tests" / "alone.py")]
OTHERS = ("CI", "JENKINS_URL", "NNCF_CI", "NNCF_DEV", "HF_HUB_OFFLINE", "WANDB_MODE")
"""Further variables that keep a library quiet."""
ASK = """
import sys
from pathlib import Path
from tests.serving.conftest import Trained
from tests.serving.server import running
with running(Trained(Path.cwd(), sys.argv[1], [], [], [])) as (client, _):
    assert client.post("/predict", json={"text": "what a day"}).status_code == 200
"""
NNCF = """
from openvino_telemetry import Telemetry
telemetry = Telemetry("nncf", "1", "G-1", backend="ga4", enable_opt_in_dialog=False, disable_in_ci=True)
telemetry.send_event("nncf", "quantize", "int8")
"""
"""As NNCF calls it."""

pytestmark = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*ALONE[:3], "true"], check=False, capture_output=True).returncode,
    reason="no network namespace of one's own here (`unshare --map-root-user --net`)",
)


def user_environment(folder: Path) -> dict[str, str]:
    """As of somebody who has asked for nothing."""
    told = bench_environment(folder) | {"HOME": str(folder)}
    return {name: value for name, value in told.items() if name not in (*OFF, *OTHERS) and "_proxy" not in name.lower()}


def attempts(folder: Path, command: list[str], environment: dict[str, str] | None = None) -> int:
    """How often a command, which must not fail, tried to reach more than this machine."""
    count = folder / "attempts"
    done = subprocess.run(
        [*ALONE, str(count), sys.executable, *command], env=environment or user_environment(folder), cwd=folder,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return int(count.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run is stored, and a line to score."""
    folder = tmp_path_factory.mktemp("alone")
    assert attempts(folder, ["-m", "bench", "run", "-r", "bayes", "-d", "toy", "--measure", "none"]) == 0
    (folder / "posts.jsonl").write_text('{"id": "1", "text": "what a day"}\n')
    return folder


def _filled(folder: Path, command: str) -> list[str]:
    """A command's words, with the stored run's name."""
    run = Store(folder / "store").run_ids()[0]
    return [run if word == "RUN" else word for word in command.split()]


def test_the_counter_counts(tmp_path: Path) -> None:
    call = "import socket\ntry: socket.create_connection(('192.0.2.1', 80))\nexcept OSError: pass"
    name = "import socket\ntry: socket.getaddrinfo('sentibench.invalid', 80)\nexcept OSError: pass"
    here = (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\nsocket.create_connection(server.getsockname())"
    )
    for code, tried in ((call, True), (name, True), (here, False)):
        assert (attempts(tmp_path, ["-c", code]) > 0) is tried


OFTEN = [
    "serving predict RUN -i posts.jsonl -o scored.jsonl",
]
SELDOM = [
    "bench list",
    "bench data check toy",
    "bench data describe toy",
    "bench doctor",
    "bench compare",
    "bench report --out report",
    "bench verify",
    "bench run -r bayes -d toy --seeds 1 --measure none --track mlflow",
    "bench search epochal -d toy --trials 1 --seeds none",
    "baselines constant -d toy --measure none",
    "serving stream RUN --source file -i posts.jsonl -o stream.jsonl",
    "serving slot create live RUN",
]


@pytest.mark.parametrize("command", [*OFTEN, *(pytest.param(one, marks=pytest.mark.slow) for one in SELDOM)])
def test_a_command_calls_nobody(folder: Path, command: str) -> None:
    if "mlflow" in command:
        pytest.importorskip("mlflow", reason="requirements-track.txt is not installed")
    assert attempts(folder, ["-m", *_filled(folder, command)]) == 0


def test_a_server_calls_nobody(folder: Path) -> None:
    assert attempts(folder, ["-c", ASK, *_filled(folder, "RUN")]) == 0


def test_a_worker_that_quantizes_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino_telemetry", reason="requirements-compress.txt is not installed")
    assert attempts(tmp_path, ["-c", NNCF]) > 0
    for name in (*OFF, *OTHERS):
        monkeypatch.delenv(name, raising=False)
    assert attempts(tmp_path, ["-c", NNCF], worker_environment("cpu", 1) | {"HOME": str(tmp_path)}) == 0


def test_whoever_asks_for_reports_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    assert worker_environment("cpu", 1)["MLFLOW_DISABLE_TELEMETRY"] == "false"


@pytest.mark.slow
def test_a_fine_tuned_encoder_its_children_and_a_tracker_call_nobody(tmp_path: Path) -> None:
    pytest.importorskip("nncf", reason="requirements-compress.txt is not installed")
    pytest.importorskip("wandb", reason="requirements-track.txt is not installed")
    from tests.transformers_pt.checkpoints import checkpoint

    backbone = checkpoint("bert", tmp_path / "bert")
    run = ["-m", "bench", "run", "-d", "toy", "--smoke", "--measure", "none", "--track", "wandb"]
    assert attempts(tmp_path, [*run, "-r", f"finetune[backbone={backbone},epochs=1,max_length=16]"]) == 0
    parent = Store(tmp_path / "store").run_ids()[0]
    children = [word for to in ("openvino-int8", "onnx-int8") for word in ("-r", f"quantize[to={to}]")]
    assert attempts(tmp_path, [*run, *children, "--parent", parent]) == 0
