"""Stored models as folders of the Hugging Face hub, with model cards; and their upload."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from bench.artifact import is_intact, read_card
from bench.contract import HubFolder
from bench.data.prepared import find_content
from bench.errors import BenchError, one_line
from bench.report.model_card import model_card
from bench.schema import Result
from bench.store import Store

WRITERS = {"finetune": "transformers_pt.hub.folder", "lora": "transformers_pt.hub.folder"}
"""The module whose `write_folder` makes one, by the layout of the artifact."""
TEXTS = 200
"""Of the training set, on which a folder must answer as its artifact does."""
SAMPLES = (
    "i feel wonderful today",
    "this is not what i ordered, and nobody answers",
    "ok :)",
    "it was fine, i guess …",
)
"""Where the data set is not prepared in the store."""


def write_card(store: Store, run_id: str, out: Path) -> None:
    """The model card of a scored run, in a file that is not there yet."""
    result = _scored(store, run_id)
    check_free(out)
    out.write_text(model_card(result, run_id), encoding="utf-8")


def exported(store: Store, run_id: str) -> tuple[Result, Path]:
    """A scored run and the folder of its artifact; a `BenchError` where that is not whole."""
    result = _scored(store, run_id)
    artifact = store.artifact(str(result.identity.artifact))
    if not is_intact(artifact):
        raise BenchError(f"{run_id}: its artifact is not in the store, or was altered; `bench run` trains it again")
    return result, artifact


def sample_texts(store: Store, result: Result) -> Sequence[str]:
    """On which what is exported must answer as its artifact does."""
    prepared = find_content(store.prepared, result.data.content)
    return SAMPLES if prepared is None else prepared.train().texts[:TEXTS]


def write_folder(store: Store, run_id: str, out: Path) -> HubFolder:
    """The run's model and its card in a folder that is not there yet; a `BenchError` where it has no such form."""
    result, artifact = exported(store, run_id)
    layout = read_card(artifact)["layout"]
    if layout not in WRITERS:
        raise BenchError(
            f"{run_id}: an artifact of layout '{layout}' is no model of transformers; those of "
            f"{' and '.join(WRITERS)} are, and what was distilled or pruned into them. --to card writes its card"
        )
    check_free(out)
    writer = importlib.import_module(WRITERS[layout])
    folder: HubFolder = writer.write_folder(artifact, out, sample_texts(store, result))
    card = model_card(
        result, run_id, folder.usage, folder.base_model, "transformers", folder.remarks,
    )  # fmt: skip
    (out / "README.md").write_text(card, encoding="utf-8")
    return folder


def push_folder(folder: Path, repository: str, private: bool) -> str:
    """Upload it to `owner/name`, made if need be, and return the address. The token is that of `hf auth login`."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    api = HfApi()
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        return str(
            api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Model and card").commit_url
        )
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise BenchError(f"{folder} is written, but not pushed to {repository}: {one_line(error)}") from error


def _scored(store: Store, run_id: str) -> Result:
    result = store.result(run_id)
    if result.quality is None or result.identity.artifact is None:
        raise BenchError(f"{run_id}: {result.outcome.status}: there is no model to export")
    return result


def check_free(out: Path) -> None:
    """A `BenchError` where something is there already."""
    if out.exists():
        raise BenchError(f"{out} is there already: give another --out, or remove it")
