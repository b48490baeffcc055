"""The backbones that are known by name. Nothing heavy is imported: `bench list` and the planning read this file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from bench.api import BenchError, did_you_mean

CHECKPOINTS = Path(__file__).parent / "checkpoints"
"""Encoders that the suite has pretrained and ships."""
CARD = "pretraining.json"
LR_FINETUNE = (2e-5, 5e-5)
"""What BERT's authors searched for fine-tuning (Devlin et al., 2019)."""
LR_SMALL = (1e-4, 5e-4)
"""For encoders of a few million weights (Turc et al., 2019, search 3e-5 to 3e-4; ours do best above)."""


@dataclass(frozen=True)
class Backbone:
    """Where an encoder's weights come from and what its texts must look like."""

    source: str
    """A hub name, or the path of a folder in Hugging Face layout."""
    normalization: str
    max_length: int
    """Tokens that a text is cut to."""
    learning_rates: tuple[float, float]
    """The lowest and highest rate published for fine-tuning it."""

    @property
    def folder(self) -> Path | None:
        """Its folder where it is one."""
        path = Path(self.source)
        return path if path.is_dir() else None

    @property
    def learning_rate(self) -> float:
        """The geometric middle of the published range, to two digits."""
        low, high = self.learning_rates
        return float(f"{(low * high) ** 0.5:.1e}")


PRESETS: dict[str, Backbone] = {
    "bertweet": Backbone("vinai/bertweet-base", "none", 128, (1e-5, 1e-5)),
    "twitter-roberta": Backbone("cardiffnlp/twitter-roberta-base", "twitter-1", 128, (1e-5, 5e-5)),
    "roberta": Backbone("roberta-base", "breaks-1", 256, (1e-5, 3e-5)),
    "roberta-large": Backbone("roberta-large", "breaks-1", 256, (1e-5, 3e-5)),
    "distilroberta": Backbone("distilroberta-base", "breaks-1", 256, LR_FINETUNE),
    "distilbert": Backbone("distilbert-base-uncased", "breaks-1", 256, LR_FINETUNE),
    "distilbert-multilingual": Backbone("distilbert-base-multilingual-cased", "breaks-1", 256, LR_FINETUNE),
    "bert": Backbone("bert-base-uncased", "breaks-1", 256, LR_FINETUNE),
    "minilm": Backbone("microsoft/MiniLM-L12-H384-uncased", "breaks-1", 256, (2e-5, 1e-4)),
    "tinybert": Backbone("huawei-noah/TinyBERT_General_4L_312D", "breaks-1", 256, (2e-5, 1e-4)),
    "roberta-tiny": Backbone("arampacha/roberta-tiny", "breaks-1", 256, (5e-5, 3e-4)),
    "bert-tiny": Backbone("google/bert_uncased_L-2_H-128_A-2", "breaks-1", 256, (3e-5, 3e-4)),
    "bert-mini": Backbone("google/bert_uncased_L-4_H-256_A-4", "breaks-1", 256, (3e-5, 3e-4)),
    "bert-small": Backbone("google/bert_uncased_L-4_H-512_A-8", "breaks-1", 256, (3e-5, 3e-4)),
    "bert-medium": Backbone("google/bert_uncased_L-8_H-512_A-8", "breaks-1", 256, (3e-5, 3e-4)),
    "electra-small": Backbone("google/electra-small-discriminator", "breaks-1", 256, (1e-4, 3e-4)),
}
"""BERTweet's own tokenizer normalizes mentions, links and emoji, so that nothing is done before it."""


def backbone(name: str, max_length: int | None = None) -> Backbone:
    """A preset, a checkpoint of the suite, a folder in Hugging Face layout, or any hub name `owner/model`: the first
    that there is.

    Raises `BenchError` with the nearest right name for anything else. `max_length` replaces the preset's own.
    """
    found = _find(name)
    return replace(found, max_length=max_length) if max_length else found


def shipped() -> list[str]:
    """Names of the checkpoints that come with the project."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob("*/config.json"))


def _find(name: str) -> Backbone:
    if name in PRESETS:
        return _of_the_hub(name)
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


def _of_the_hub(name: str) -> Backbone:
    """A preset; transformers would take a folder called like its hub name for it, so that none may be there."""
    source = PRESETS[name].source
    if Path(source).is_dir():
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
