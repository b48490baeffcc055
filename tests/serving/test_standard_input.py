"""No library's question is answered by a user's text: where a model is loaded standard input is empty."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.run.job import Assignment, TeachJob
from bench.run.launcher import worker_environment
from tests.conftest import RECIPES, ROOT, bench_environment
from tests.serving.conftest import Trained
from tests.serving.server import free_port

TEXTS = b"y\n1\nyes\n"


@pytest.fixture
def curious(trained: Trained, tmp_path: Path) -> Path:
    """An artifact whose recipe asks before it loads."""
    folder = Path(shutil.copytree(trained.artifact, tmp_path / "curious"))
    card = json.loads((folder / "artifact.json").read_text())
    (folder / "artifact.json").write_text(json.dumps(card | {"recipe": "curious", "layout": "curious"}))
    return folder


def answers(tmp_path: Path) -> Path:
    return tmp_path / "answers"


def start(trained: Trained, tmp_path: Path, *command: str, **streams: int) -> subprocess.Popen[bytes]:
    environment = bench_environment(trained.folder) | {"SENTIBENCH_ANSWERS": str(answers(tmp_path))}
    return subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, cwd=tmp_path, stdin=subprocess.PIPE, **streams
    )


def test_predict_reads_all_texts_and_answers_nothing(trained: Trained, curious: Path, tmp_path: Path) -> None:
    process = start(trained, tmp_path, "serving", "predict", "./curious", stdout=subprocess.PIPE)
    out, _ = process.communicate(TEXTS)
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["y", "1", "yes"]
    assert answers(tmp_path).read_bytes() == b"|"


def test_a_stream_reads_all_posts_and_answers_nothing(trained: Trained, curious: Path, tmp_path: Path) -> None:
    command = ("serving", "stream", "./curious", "--source", "stdin", "-o", "out.jsonl", "--quiet")
    process = start(trained, tmp_path, *command, stderr=subprocess.DEVNULL)
    process.communicate(b"".join(b'{"id": "%d", "text": "y"}\n' % i for i in range(5)))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == list("01234") and answers(tmp_path).read_bytes() == b"|"


def test_a_server_answers_nothing(trained: Trained, curious: Path, tmp_path: Path) -> None:
    command = ("serving", "http", "./curious", "--port", str(free_port()))
    process = start(trained, tmp_path, *command, stderr=subprocess.DEVNULL)
    assert process.stdin is not None
    process.stdin.write(TEXTS)
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while not answers(tmp_path).is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert answers(tmp_path).read_bytes() == b"|"


def test_a_worker_answers_nothing(curious: Path, tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text('["good"]')
    job = TeachJob(artifact=curious, texts=tmp_path / "texts.json")
    assignment = Assignment(job=job, folder=tmp_path, parent=os.getpid(), device="cpu", threads=1)
    (tmp_path / "job.json").write_text(assignment.model_dump_json())
    environment = bench_environment(tmp_path) | worker_environment("cpu", 1)
    environment |= {"SENTIBENCH_ANSWERS": str(answers(tmp_path)), "SENTIBENCH_RECIPES": str(RECIPES)}
    command = [sys.executable, "-m", "bench.run.worker", str(tmp_path / "job.json")]
    subprocess.run(command, env=environment, cwd=tmp_path, input=TEXTS, check=True)
    assert answers(tmp_path).read_bytes() == b"|"


def test_processes_that_train_together_answer_nothing(tmp_path: Path) -> None:
    code = f"import os; open({str(answers(tmp_path))!r}, 'ab').write(os.read(0, 100) + b'|')"
    command = [sys.executable, "-m", "tf_tinybert.workers", "2", "-c", code]
    subprocess.run(command, cwd=ROOT, input=TEXTS, check=True)
    assert answers(tmp_path).read_bytes() == b"||"


def test_a_closed_standard_input_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    code = (
        "import os; first = os.open('kept', os.O_RDONLY); assert first == 0\n"  # it has the free number
        "from bench.standard_input import standard_input\n"
        "assert standard_input().read() == b'' and os.read(0, 9) == b'kept'"
    )
    command = f'exec "{sys.executable}" -c "$CODE" <&-'
    environment = os.environ | {"CODE": code, "PYTHONPATH": str(ROOT)}
    subprocess.run(["sh", "-c", command], env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, check=True)


def test_piped_texts_do_not_let_an_artifacts_code_run(trained: Trained, tmp_path: Path) -> None:
    """The attack as it was found: `config.json` names code that lies beside it, the texts say yes."""
    folder = Path(shutil.copytree(trained.artifact, tmp_path / "stranger"))
    card = json.loads((folder / "artifact.json").read_text())
    (folder / "artifact.json").write_text(json.dumps(card | {"layout": "finetune"}))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'it ran')!r}, 'w').close()")
    named = {"AutoConfig": "evil.Evil", "AutoModelForSequenceClassification": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": named}))
    (folder / "model.json").write_text(json.dumps({"pooling": "head", "label_names": ["a"]}))
    process = start(trained, tmp_path, "serving", "predict", "./stranger", stderr=subprocess.PIPE)
    _, stderr = process.communicate(TEXTS)
    assert b"'auto_map' names code" in stderr and len(stderr.splitlines()) == 1 and process.returncode == 2
    assert not (tmp_path / "it ran").exists()
