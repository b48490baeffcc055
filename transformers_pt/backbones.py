"""Encoders with a classification head and their tokenizers, loaded from a folder or the hub."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.api import BenchError, refuse_code
from transformers_pt.label_order import keep_by_name, tell_labels
from transformers_pt.presets import Backbone

PICKLES = ("pytorch_model.bin", "model.bin")
NOT_FOUND = "Repository|offline|couldn't connect|We couldn't|not a local folder|Connection|resolve"


def quiet() -> None:
    """No bars and no reports of new heads: what matters is raised or printed by the caller."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def check_folder(folder: Path) -> None:
    """A `BenchError` for a folder that names code, and for an adapter: transformers would load the model it names."""
    refuse_code(folder)
    if (folder / "adapter_config.json").is_file():
        raise BenchError(
            f"{folder} is an adapter (adapter_config.json), no model: put it on its backbone with "
            "`python -m transformers_pt adapters apply`"
        )


def load_tokenizer(folder: str | Path) -> Any:
    """The tokenizer, of its own class, of a folder in Hugging Face layout or a hub name."""
    from transformers import AutoTokenizer

    check_folder(Path(folder))
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except ImportError as error:
        raise BenchError(f"the tokenizer of {folder} needs a package: {_line(error)}") from None
    except Exception as error:
        raise BenchError(explain(folder, error, "tokenizer")) from None
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # what the library makes of a folder without one
        raise BenchError(f"backbone {folder} has no tokenizer: save it beside the weights")
    if type(tokenizer).__name__ == "BertweetTokenizer":  # its weights were trained on @USER, HTTPURL and emoji as text
        tokenizer.normalization = tokenizer.init_kwargs["normalization"] = True
    return tokenizer


def load_classifier(
    backbone: Backbone, label_names: Sequence[str], pretrained: bool, allow_pickle: bool, **changes: Any
) -> Any:
    """A sequence classifier of the backbone, float32: its encoder's weights, or random ones.

    A head that was trained stays where it has these labels by name, else it is new.

    `changes` go into the configuration (dropouts). Raises `BenchError` for weights of another architecture, for a
    pickle without `allow_pickle`, for code that comes with the model, and for a hub name that cannot be reached.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    try:
        if backbone.folder is not None:
            check_folder(backbone.folder)
        config = AutoConfig.from_pretrained(
            backbone.source, num_labels=len(label_names), trust_remote_code=False, **changes
        )
        if getattr(config, "auto_map", None):
            raise BenchError(f"backbone {backbone.source}: 'auto_map' names code to be run, which is never done")
        if not pretrained:
            fresh = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
            return fresh.float()  # whatever the file's own is
        _refuse_pickle(backbone, allow_pickle)
        # A head of other labels may differ in size and is made new; `_check_loaded` refuses such an encoder.
        model, report = AutoModelForSequenceClassification.from_pretrained(
            backbone.source, config=config, use_safetensors=None if allow_pickle else True, weights_only=True,
            ignore_mismatched_sizes=True, output_loading_info=True, dtype="float32", trust_remote_code=False,
        )  # fmt: skip
    except BenchError:
        raise
    except Exception as error:
        raise BenchError(explain(backbone.source, error, "weights")) from None
    _check_loaded(model, report, backbone.source)
    body = f"{model.base_model_prefix}."
    absent = [*report["missing_keys"], *(key[0] for key in report["mismatched_keys"])]
    if all(key.startswith(body) for key in absent):  # the head came from the checkpoint
        keep_by_name(model, label_names, backbone.source)
    tell_labels(model, label_names)
    model.new_modules = {"pooler"} if any(".pooler." in key for key in report["missing_keys"]) else set()
    return model


def check_vocabulary(model: Any, tokenizer: Any, where: object) -> None:
    """A `BenchError` where a token id has no row in the embedding."""
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise BenchError(
            f"the tokenizer of {where} has {len(tokenizer):,} tokens, its weights only {rows:,} rows: "
            "they do not belong together"
        )


def _refuse_pickle(backbone: Backbone, allowed: bool) -> None:
    folder = backbone.folder
    if folder is None or allowed or list(folder.glob("*.safetensors")):
        return
    pickles = [name for name in PICKLES if (folder / name).is_file()]
    if pickles:
        raise BenchError(
            f"backbone {folder} holds its weights as a pickle ({pickles[0]}), which may run code when it is read: "
            "convert it to safetensors, or set allow_pickle=true (weights alone are read even then)"
        )


def _check_loaded(model: Any, report: Any, where: str) -> None:
    """The whole encoder must have come from the checkpoint; only the head may be new."""
    prefix = model.base_model_prefix + "."
    missing = [key for key in report["missing_keys"] if key.startswith(prefix) and "pooler" not in key]
    mismatched = [key[0] for key in report["mismatched_keys"] if key[0].startswith(prefix)]
    if missing or mismatched:
        first = (missing or mismatched)[0]
        raise BenchError(
            f"the weights of {where} are of another architecture than its config.json "
            f"({model.config.model_type}): {len(missing) + len(mismatched)} tensors do not fit, '{first}' first"
        )


def explain(source: str | Path, error: Exception, what: str) -> str:
    """One line: what could not be loaded, where it was looked for, how to bring it."""
    import re

    from huggingface_hub.constants import HF_HUB_CACHE

    message = _line(error)
    if Path(source).is_dir():
        return f"the {what} of backbone {source} cannot be loaded: {message}"
    if re.search(NOT_FOUND, message):
        return (
            f"backbone {source}: no {what} in the cache {HF_HUB_CACHE}, and none to be had from the hub; "
            f"run `hf download {source}` where there is a network, copy the folder here and give its path"
        )
    return f"the {what} of backbone {source} cannot be loaded: {message}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
