"""A model of an artifact's architecture, before its weights are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers_pt.backbones import check_folder
from transformers_pt.facts import ModelFacts
from transformers_pt.shapes import blocks
from transformers_pt.width import keep_width


def empty_model(folder: Path, kind: str, facts: ModelFacts) -> Any:
    """A `classifier` or an `encoder` by the configuration in `folder`, float32, without its weights.

    `facts`, those of the artifact, have the `shapes` of its layers where they are not even, and its hidden `width`
    where it is not the configuration's.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification
    from transformers.initialization import no_init_weights

    check_folder(folder)
    loader: Any = AutoModelForSequenceClassification if kind == "classifier" else AutoModel
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with no_init_weights():  # random weights take longer to draw than the stored ones to read
        model = loader.from_config(config, trust_remote_code=False).float()
    if kind == "encoder":
        without_pooler(model)
    shapes = facts.get("shapes", [])
    for block, shape in zip(blocks(model), shapes, strict=bool(shapes)):
        block.keep(range(shape["heads"]), range(shape["neurons"]))
    if "width" in facts:
        keep_width(model, range(facts["width"]))
    return model


def without_pooler(encoder: Any) -> Any:
    """The encoder less the map over `[CLS]` that no pooling here uses: RoBERTa's would be a new, random one."""
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None
    return encoder
