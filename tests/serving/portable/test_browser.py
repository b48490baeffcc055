"""`export-model --to browser`: the page says in Chromium what the model says here."""

from __future__ import annotations

import http.server
import json
import random
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
from bench.normalize import normalizer
from serving.portable.browser import LIBRARY, NORMALIZATIONS, write_browser
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
    assert "//" not in page and '"normalization": "none"' in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"normalization": "covid-twitter-1"}, "cleaned by 'covid-twitter-1'; a page has none, breaks-1, plain-1"),
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


ODD = [
    "&amp;&lt&notit;&bogus;&#8217;&#x1F600;&#0;&#128;&#xd800;&#1114112;&#7;&#xfffe; &AMP &#;",
    "sooooo coool!!!!!! 😀😀😀😀",
    "see HTTPS://a.b/c, www.x.y z://q @me a@b @@c @çé_1 #tag",
    "caf\u00c3\u00a9 it\u00e2\u0080\u0099s \u0093x\u0094 \u0081 \u2018a\u2019 \u2026",
    "\\ud83d\\ude00 \\u2019 \\ud83d x \\u00e9",
    "a<BR\u2003/>b <br>c",
    "\u2028 x\x1cy\u3000",
    "@ http @x",
    "",
]


def spelt(n: int = 2000) -> list[str]:
    """Texts of what may go wrong, by chance."""
    drawn = random.Random(0)
    parts = [*ODD, *" @#&;<>/\\u:.\0\n\t_aé😀ſ\u0301\xa0\x85\u0093Â", "&#", "&am", "www.", "http://", "\\u00", "<br "]
    return ["".join(drawn.choices(parts, k=drawn.randint(1, 9))) for _ in range(n)]


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here")
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_texts_are_cleaned_as_in_training(onnx: Path, tmp_path: Path, normalization: str) -> None:
    artifact = Path(shutil.copytree(onnx, tmp_path / "artifact"))
    facts = json.loads((artifact / "model.json").read_text())
    (artifact / "model.json").write_text(json.dumps(facts | {"normalization": normalization}))
    write_browser(artifact, tmp_path / "page", "it", [])
    (tmp_path / "page" / "ask.mjs").write_text(
        'import {readFileSync} from "node:fs"; import {CLEAN} from "./clean.js";\n'
        f'const texts = JSON.parse(readFileSync(0)); console.log(JSON.stringify(texts.map(CLEAN["{normalization}"])));'
    )
    texts = [*ODD, *spelt()]
    asked = json.dumps(texts)
    ran = subprocess.run(
        ["node", "ask.mjs"], cwd=tmp_path / "page", input=asked, capture_output=True, text=True, check=True
    )
    for text, found in zip(texts, json.loads(ran.stdout), strict=True):
        assert found == normalizer(normalization)(text), repr(text)


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
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
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
