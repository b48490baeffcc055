"""The backbones that have a short name. Nothing heavy is imported: `bench list` and the planning read this file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bench.api import BenchError, did_you_mean
from transformers_pt.weights.catalog import CATALOG
from transformers_pt.weights.place import verified

CHECKPOINTS = Path(__file__).parent / "checkpoints"
"""Encoders that the suite has pretrained and ships."""
CARD = "pretraining.json"
LR_FINETUNE = (2e-5, 5e-5)
"""What BERT's authors searched for fine-tuning (Devlin et al., 2019)."""
LR_MINILM = (2e-5, 1e-4)
LR_DEBERTA = (1.5e-5, 4e-5)
"""What DeBERTaV3's authors searched (He et al., 2023)."""
LR_MODERNBERT = (1e-5, 8e-5)
"""What ModernBERT's authors searched (Warner et al., 2024)."""
LR_SMALL = (1e-4, 5e-4)
"""For encoders of a few million weights (Turc et al., 2019, search 3e-5 to 3e-4; ours do best above)."""


@dataclass(frozen=True)
class Backbone:
    """Where an encoder's weights come from and what its texts must look like."""

    source: str
    """A hub name, the path of a folder in Hugging Face layout, or a name of `weights.catalog`."""
    normalization: str
    max_length: int
    """Tokens that a text is cut to."""
    learning_rates: tuple[float, float]
    """The lowest and highest rate published for fine-tuning it."""
    licence: str = "see its card"

    @property
    def folder(self) -> Path | None:
        """Its folder where the user has named one; what is in the catalogue is known by its digests instead."""
        path = Path(self.source)
        if self.source in CATALOG:
            return None
        return path if path.is_dir() else None

    @property
    def origin(self) -> str:
        """What it is called without a path of this machine."""
        if self.source in CATALOG:
            return CATALOG[self.source].hub
        return self.folder.name if self.folder else self.source

    def located(self) -> Backbone:
        """The same, its `source` what a framework reads: weights of the catalogue are found here, and checked.

        Raises `BenchError` with the command that brings them.
        """
        return replace(self, source=str(verified(self.source))) if self.source in CATALOG else self

    @property
    def learning_rate(self) -> float:
        """The geometric middle of the published range, to two digits."""
        low, high = self.learning_rates
        return float(f"{(low * high) ** 0.5:.1e}")


PRESETS: dict[str, Backbone] = {
    "minilm-l6": Backbone("minilm-l6", "breaks-1", 256, LR_MINILM, "Apache-2.0"),
    "mpnet": Backbone("mpnet", "breaks-1", 256, (1e-5, 3e-5), "Apache-2.0"),
    "bertweet": Backbone("vinai/bertweet-base", "none", 128, (1e-5, 1e-5), "MIT"),
    "twitter-roberta": Backbone("cardiffnlp/twitter-roberta-base", "twitter-1", 128, (1e-5, 5e-5)),
    "roberta": Backbone("roberta-base", "breaks-1", 256, (1e-5, 3e-5), "MIT"),
    "roberta-large": Backbone("roberta-large", "breaks-1", 256, (1e-5, 3e-5), "MIT"),
    "distilroberta": Backbone("distilroberta-base", "breaks-1", 256, LR_FINETUNE, "Apache-2.0"),
    "distilbert": Backbone("distilbert-base-uncased", "breaks-1", 256, LR_FINETUNE, "Apache-2.0"),
    "distilbert-multilingual": Backbone(
        "distilbert-base-multilingual-cased", "breaks-1", 256, LR_FINETUNE, "Apache-2.0"
    ),
    "bert": Backbone("bert-base-uncased", "breaks-1", 256, LR_FINETUNE, "Apache-2.0"),
    "minilm": Backbone("microsoft/MiniLM-L12-H384-uncased", "breaks-1", 256, LR_MINILM, "MIT"),
    "tinybert": Backbone("huawei-noah/TinyBERT_General_4L_312D", "breaks-1", 256, LR_MINILM),
    "roberta-tiny": Backbone("arampacha/roberta-tiny", "breaks-1", 256, (5e-5, 3e-4)),
    "bert-tiny": Backbone("google/bert_uncased_L-2_H-128_A-2", "breaks-1", 256, (3e-5, 3e-4), "Apache-2.0"),
    "bert-mini": Backbone("google/bert_uncased_L-4_H-256_A-4", "breaks-1", 256, (3e-5, 3e-4), "Apache-2.0"),
    "bert-small": Backbone("google/bert_uncased_L-4_H-512_A-8", "breaks-1", 256, (3e-5, 3e-4), "Apache-2.0"),
    "bert-medium": Backbone("google/bert_uncased_L-8_H-512_A-8", "breaks-1", 256, (3e-5, 3e-4), "Apache-2.0"),
    "modernbert": Backbone("answerdotai/ModernBERT-base", "breaks-1", 256, LR_MODERNBERT, "Apache-2.0"),
    "modernbert-large": Backbone("answerdotai/ModernBERT-large", "breaks-1", 256, LR_MODERNBERT, "Apache-2.0"),
    "ettin-17m": Backbone("jhu-clsp/ettin-encoder-17m", "breaks-1", 256, LR_MODERNBERT, "MIT"),
    "ettin-32m": Backbone("jhu-clsp/ettin-encoder-32m", "breaks-1", 256, LR_MODERNBERT, "MIT"),
    "ettin-68m": Backbone("jhu-clsp/ettin-encoder-68m", "breaks-1", 256, LR_MODERNBERT, "MIT"),
    "deberta-v3-xsmall": Backbone("microsoft/deberta-v3-xsmall", "breaks-1", 256, LR_DEBERTA, "MIT"),
    "deberta-v3-small": Backbone("microsoft/deberta-v3-small", "breaks-1", 256, LR_DEBERTA, "MIT"),
    "deberta-v3": Backbone("microsoft/deberta-v3-base", "breaks-1", 256, LR_DEBERTA, "MIT"),
    "bge-small": Backbone("BAAI/bge-small-en-v1.5", "breaks-1", 256, LR_MINILM, "MIT"),
    "e5-small": Backbone("intfloat/e5-small-v2", "breaks-1", 256, LR_MINILM, "MIT"),
    "gte-small": Backbone("thenlper/gte-small", "breaks-1", 256, LR_MINILM, "MIT"),
    "xlm-roberta": Backbone("FacebookAI/xlm-roberta-base", "breaks-1", 256, (1e-5, 3e-5), "MIT"),
    "twitter-xlm-roberta": Backbone("cardiffnlp/twitter-xlm-roberta-base", "twitter-1", 128, (1e-5, 5e-5)),
    "mmbert-small": Backbone("jhu-clsp/mmBERT-small", "breaks-1", 256, LR_MODERNBERT, "MIT"),
    "covid-twitter-bert": Backbone(
        "digitalepidemiologylab/covid-twitter-bert-v2", "covid-twitter-1", 128, LR_FINETUNE, "MIT"
    ),
    "timelms": Backbone("cardiffnlp/twitter-roberta-base-2022-154m", "twitter-1", 128, (1e-5, 5e-5)),
    "bertweet-large": Backbone("vinai/bertweet-large", "none", 128, (1e-5, 1e-5), "MIT"),
    "electra-small": Backbone("google/electra-small-discriminator", "breaks-1", 256, (1e-4, 3e-4), "Apache-2.0"),
}
"""BERTweet's own tokenizer normalizes mentions, links and emoji, so that nothing is done before it."""


def backbone(name: str, max_length: int | None = None) -> Backbone:
    """A preset, a checkpoint of the suite, a folder in Hugging Face layout, or any hub name `owner/model`: the first
    that there is.

    Raises `BenchError` with the nearest right name for anything else. `max_length` replaces the preset's own.
    """
    origin = _find(name)
    return replace(origin, max_length=max_length) if max_length else origin


def shipped() -> list[str]:
    """Names of the checkpoints that come with the project."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob("*/config.json"))


def _find(name: str) -> Backbone:
    if name in PRESETS:
        return _preset(name)
    for preset, published in CATALOG.items():
        if name == published.hub:
            return PRESETS[preset]
    if name in shipped():
        return _local(CHECKPOINTS / name)
    if (Path(name) / "config.json").is_file():
        return _local(Path(name))
    if Path(name).is_dir():
        raise BenchError(f"backbone {name}: no config.json in that folder; give one in Hugging Face layout")
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return Backbone(name, "none", 256, LR_FINETUNE)
    raise BenchError(
        f"unknown backbone '{name}': {did_you_mean(name, [*shipped(), *PRESETS])} (or owner/model, or a folder)"
    )


def _preset(name: str) -> Backbone:
    """A preset; transformers would take a folder called like its hub name for it, so that none may be there."""
    source = PRESETS[name].source
    if source not in CATALOG and Path(source).is_dir():
        raise BenchError(
            f"backbone {name} is '{source}' of the hub, and a folder of the working directory is called so too: "
            f"rename it, or give it as backbone=./{source}"
        )
    return PRESETS[name]


def _local(folder: Path) -> Backbone:
    card = folder / CARD
    if not card.is_file():
        return Backbone(str(folder), "none", 256, LR_FINETUNE)
    return Backbone(str(folder), json.loads(card.read_text(encoding="utf-8"))["normalization"], 128, LR_SMALL)
