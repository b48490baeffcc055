"""`export-model --to browser`: the page says in Chromium what the model says here."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.api import BenchError, load_artifact
from serving.portable.browser import LIBRARY, write_browser
from tests.baselines.sentences import LABELS, split
from tests.serving.browser import CHROMIUM, browsing

TEXTS = [
    *split(10, 6).texts,
    "",
    "a  <br />  b\u2003c",
    "one\0two",
    "a very long text " * 300,
    "\U0001f600 @a http://b.c",
]


def test_the_folder_has_the_layout_of_transformers_js(onnx: Path, tmp_path: Path) -> None:
    out = tmp_path / "page"
    assert "--npm" in write_browser(onnx, out, "it", [])
    assert (out / "model" / "onnx" / "model_quantized.onnx").read_bytes() == (onnx / "model.onnx").read_bytes()
    config = json.loads((out / "model" / "config.json").read_text())
    assert [config["id2label"][str(i)] for i in range(len(LABELS))] == list(LABELS)
    assert json.loads((out / "model" / "tokenizer_config.json").read_text())["model_max_length"] > 0
    assert (out / "model" / "tokenizer.json").is_file() and not list((out / "lib").iterdir())
    page = (out / "index.html").read_text()
    assert "//" not in page.replace("// White", "") and '"normalization": "none"' in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"normalization": "plain-2"}, "cleaned by 'plain-2'; a page has none, breaks-1, twitter-1"),
        ({"long_texts": {"mode": "chunks"}}, "long_texts=chunks"),
        ({"format": "openvino"}, "no encoder in ONNX"),
    ],
)
def test_what_a_page_cannot_do_is_one_line(onnx: Path, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    artifact = Path(shutil.copytree(onnx, tmp_path / "artifact"))
    facts = json.loads((artifact / "model.json").read_text())
    (artifact / "model.json").write_text(json.dumps(facts | changes))
    with pytest.raises(BenchError, match=said):
        write_browser(artifact, tmp_path / "page", "it", [])
    assert not (tmp_path / "page").exists()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def reachable() -> bool:
    """Whether npm brings packages here."""
    command = ["npm", "view", next(iter(LIBRARY)), "version"]
    return shutil.which("npm") is not None and not subprocess.run(command, capture_output=True, check=False).returncode


@pytest.mark.slow
@pytest.mark.parametrize("normalization", ["none", "breaks-1", "twitter-1"])
def test_the_page_says_what_the_model_says(onnx: Path, tmp_path: Path, normalization: str) -> None:
    if CHROMIUM is None or not reachable():
        pytest.skip("there is no Chromium, or no npm")
    artifact = Path(shutil.copytree(onnx, tmp_path / "artifact"))
    facts = json.loads((artifact / "model.json").read_text())
    (artifact / "model.json").write_text(json.dumps(facts | {"normalization": normalization}))
    write_browser(artifact, tmp_path / "page", "it", [], npm=True)
    with served(tmp_path / "page") as address, browsing(tmp_path / "profile") as page:
        page.open(address)
        page.until("document.getElementById('state').textContent === 'Ready.'")
        told = json.loads(page.run(f"Promise.all({json.dumps(TEXTS)}.map(classify)).then(JSON.stringify)"))
        assert page.run("refused") == []
    expected = load_artifact(artifact).predict_proba(TEXTS)
    assert [row["label"] for row in told] == [LABELS[i] for i in expected.argmax(1)]
    found = [[row["probabilities"][label] for label in LABELS] for row in told]
    assert np.abs(np.array(found) - expected).max() < 0.01  # int8 by other kernels
