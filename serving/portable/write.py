"""An artifact as a folder that answers by itself: checked, before it is kept, to answer as the artifact does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.api import BenchError, load_artifact, read_card
from serving.portable.source import copy_source

FILES = Path(__file__).parent / "files"
TOLERANCE = 1e-5
"""How far a probability may lie from the artifact's: the same code, the same packages."""
ASK = """
import json, sys
from classifier import Classifier
json.dump([list(row["probabilities"].values()) for row in Classifier()(json.load(sys.stdin))], sys.stdout)
"""
README = """# {name}

A text classifier ({recipe}, trained on {dataset}) of the labels {labels}.

{how}

| path | what |
|---|---|
| `POST /predict` | `{{"text": …}}` or `{{"texts": […]}}`: label and probabilities of each |
| `GET /healthz`, `/model` | whether it answers; the model's card |

In Python: `from classifier import Classifier`, then `Classifier()(["what a day"])`.

`model/` is the artifact, `source/` what reads it, `requirements.txt` the packages that this takes.
"""
DOCKER = """```
docker build -t {name} . && docker run -p 8080:8080 {name}
curl -s localhost:8080/predict -H 'content-type: application/json' -d '{{"text": "what a day"}}'
```

Without Docker: `pip install -r requirements.txt && python app.py --port 8080`."""


def write_docker(artifact: Path, out: Path, name: str, texts: Sequence[str]) -> str:
    """Write the folder `out` with a Dockerfile, checked on `texts`, and say how it is used."""
    with written(out):
        write_classifier(artifact, out)
        for file in ("app.py", "Dockerfile"):
            shutil.copy(FILES / file, out)
        _write_readme(artifact, out, DOCKER, name)
        said = check_same(artifact, out, texts)
    return f"wrote {out}: {said}\ndocker build -t {name.lower()} {out}, or: python {out}/app.py --port 8080"


@contextmanager
def written(out: Path) -> Iterator[None]:
    """Make the folder `out`; nothing is left of it where what fills it fails."""
    out.mkdir(parents=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(out)
        raise


def write_classifier(artifact: Path, folder: Path) -> list[str]:
    """Model, source, requirements and `classifier.py`; returns pins of the packages that are loaded to predict."""
    shutil.copy(FILES / "classifier.py", folder)
    return copy_source(artifact, folder)


def check_same(artifact: Path, folder: Path, texts: Sequence[str]) -> str:
    """How near its answers are, in a line; a `BenchError` where they are not the artifact's."""
    difference = _difference(artifact, folder, texts)
    if not difference <= TOLERANCE:
        raise BenchError(f"its probabilities differ from the artifact's by {difference:.2g}: nothing is written")
    return f"its probabilities are the model's to within {difference:.1g}"


def _write_readme(artifact: Path, folder: Path, how: str, name: str) -> None:
    card = read_card(artifact)
    text = README.format(
        name=name, how=how.format(name=name.lower()), recipe=card["recipe"], dataset=card["dataset"],
        labels=", ".join(card["label_names"]),
    )  # fmt: skip
    (folder / "README.md").write_text(text, encoding="utf-8")


def _difference(artifact: Path, folder: Path, texts: Sequence[str]) -> float:
    """The largest between a probability of the folder, in a process that sees it alone, and the artifact's."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-B", "-c", ASK], cwd=folder, env=environment, input=json.dumps(list(texts)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        raise BenchError(f"{folder} does not answer: {(ran.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return float(np.abs(np.array(json.loads(ran.stdout)) - load_artifact(artifact).predict_proba(texts)).max())
