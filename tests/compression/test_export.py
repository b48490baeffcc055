"""Exported encoders: the same probabilities on another runtime, from their folder alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from bench.api import BenchError
from bench.artifact import folder_hash
from compression.onnx_export import export_onnx
from compression.recipes.export import Export
from tests.compression.parents import ASKED, asked, child, loaded, needs_compiler, write_card
from tests.conftest import ROOT
from tests.recipes.bayes import Bayes


@pytest.fixture(scope="module")
def exported(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "child"
    child(Export(), bert, folder)
    return folder


def test_onnx_says_what_pytorch_says(bert: Path, exported: Path) -> None:
    before = folder_hash(bert)
    np.testing.assert_allclose(asked(exported), asked(bert), atol=1e-4)
    assert folder_hash(bert) == before
    predictor, parent = loaded(exported), loaded(bert)
    assert (predictor.runtime, predictor.dtype) == ("onnxruntime", "float32")
    assert predictor.parameters == parent.parameters
    alone = np.concatenate([predictor.predict_proba([text]) for text in ASKED[:8]])
    np.testing.assert_allclose(alone, predictor.predict_proba(ASKED)[:8], atol=1e-5)


def test_openvino_says_what_pytorch_says_of_several_poolings(roberta: Path, tmp_path: Path) -> None:
    folder = tmp_path / "of a path, with a comma"
    child(Export(), roberta, folder, to="openvino")
    np.testing.assert_allclose(asked(folder), asked(roberta), atol=1e-4)
    predictor = loaded(folder)
    assert (predictor.runtime, predictor.dtype) == ("openvino", "float32")
    assert not (folder / "model.onnx").exists()


@pytest.mark.slow
@needs_compiler
def test_compiled_pytorch_says_the_same_without_transformers_and_on_its_own_cpu_alone(
    shallow: Path, tmp_path: Path
) -> None:
    folder, before = tmp_path / "child", folder_hash(shallow)
    child(Export(), shallow, folder, to="aotinductor")
    assert folder_hash(shallow) == before
    np.testing.assert_allclose(asked(folder), asked(shallow), atol=1e-4)
    predictor = loaded(folder)
    assert (predictor.runtime, predictor.dtype) == ("aotinductor", "float32")
    assert predictor.parameters == loaded(shallow).parameters
    assert _imported_by(folder) == "{'torch'}"
    facts = json.loads((folder / "model.json").read_text())
    for what in ("torch", "platform", "instructions"):
        changed = facts | {"built_for": facts["built_for"] | {what: "of_another"}}
        (folder / "model.json").write_text(json.dumps(changed))
        with pytest.raises(BenchError, match=f"compiled for {what} of_another, and here is .*: make it again here"):
            loaded(folder)
    (folder / "model.json").write_text(json.dumps(facts | {"built_for": facts["built_for"] | {"instructions": ""}}))
    np.testing.assert_allclose(asked(folder), asked(shallow), atol=1e-4)


def test_compiling_asks_for_a_compiler(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(BenchError, match="takes a C\\+\\+ compiler, and there is no no-such-compiler"):
        child(Export(), bert, tmp_path / "child", to="aotinductor")


def test_the_file_tells_nothing_of_where_it_was_made(exported: Path) -> None:
    assert str(ROOT).encode() not in (exported / "model.onnx").read_bytes()
    graph = onnx.load(exported / "model.onnx").graph
    assert [d.dim_param != "" for i in graph.input for d in i.type.tensor_type.shape.dim] == [True] * 4


def test_it_is_served_without_pytorch(exported: Path, tmp_path: Path) -> None:
    assert _imported_by(shutil.copytree(exported, tmp_path / "moved")) == "set()"


def _imported_by(artifact: Path) -> str:
    """Which of PyTorch and its libraries a process has that serves it."""
    code = (
        "import sys; from pathlib import Path; from bench.api import load_artifact; "
        f"load_artifact(Path({str(artifact)!r})).predict_proba(['good']); "
        "print({'torch', 'transformers', 'torchao', 'torch._inductor.graph'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_an_operator_that_does_not_export_is_named(tmp_path: Path) -> None:
    class Strange(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
            values = torch.linalg.eigvals(input_ids.float()[:, :2, None] * torch.ones(2))
            return type("Out", (), {"logits": values.real})

    with pytest.raises(BenchError, match=r"Strange does not export to ONNX: operator .*eig.* has no counterpart"):
        export_onnx(Strange(), 16, tmp_path / "model.onnx")


def test_a_parent_of_another_layout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parent").mkdir()
    write_card(tmp_path / "parent", Bayes.name)
    with pytest.raises(BenchError, match=r"takes encoders in PyTorch .*layout 'bayes'"):
        child(Export(), tmp_path / "parent", tmp_path / "child")
    assert json.loads((tmp_path / "parent" / "artifact.json").read_text())["recipe"] == "bayes"


def test_an_unknown_runtime_is_refused(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="to=onx: did you mean 'onnx'"):
        child(Export(), bert, tmp_path / "child", to="onx")
