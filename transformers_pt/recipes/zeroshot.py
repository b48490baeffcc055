"""Zero-shot classification: the label whose description is nearest to the text, by a sentence encoder (PyTorch)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from bench.api import STANDALONE, BenchError, Choice, Params, Resolved, RunContext, Split, Training, did_you_mean
from transformers_pt.recipes import finetune


class ZeroShot(finetune.Finetune):
    """The label whose description is nearest to the text, by a sentence encoder (PyTorch); no label is read.

    A description is the label's name in `template`, or what `descriptions` gives it: `neg=a bad film; pos=a good one`.
    Probabilities are a softmax of cosines over `temperature`, up to the length of the text's vector, which is left as
    it is: so the artifact is an encoder in the layout of `finetune`, to be quantized, exported and served like one.
    """

    name: ClassVar[str] = "zeroshot"
    defaults = {
        "backbone": "minilm-l6",  # a sentence encoder: `minilm-l6`, `mpnet`, a folder, or a hub name
        "template": "This text is {}.",  # around the label's name
        "descriptions": "",  # of labels in place of that, as in `neg=a bad film; pos=a good film`
        "temperature": 0.05,  # divisor of the cosines: the lower, the surer
        "max_length": None,  # tokens of a text that are read; None: the backbone's own
    }
    space = {"template": Choice("{}", "This text is {}.", "I feel {}.", "The sentiment of this text is {}.")}
    smoke = {"backbone": "tweets-tiny", "max_length": 32}
    sources = (*finetune.SOURCES, "recipes/finetune.py", "sentences.py")
    learns_from_teacher = False
    multi_label = False
    deterministic = True

    def resolve(self, params: Params) -> Resolved:
        """As of `finetune`, whose layout the artifact has."""
        return replace(super().resolve({**finetune.Finetune.defaults, **params}), layout="finetune")

    def fit(
        self,
        train: Split,
        validation: Split,
        params: Params,
        seed: int,
        out_dir: Path,
        context: RunContext = STANDALONE,
    ) -> Training:
        """Embed the descriptions: they are the head."""
        import numpy as np

        from transformers_pt import device, sentences

        given = {**finetune.Finetune.defaults, **params}
        described = descriptions(train.label_names, params)
        if params["temperature"] <= 0:
            raise BenchError(f"temperature={params['temperature']}: give a number above 0")
        use = device.prepare_device(seed, given, context.device)
        prepared = sentences.prepare(given, use)
        found = sentences.vectors(prepared, described, use)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        weight = found / lengths / (params["temperature"] * lengths.mean())
        sentences.save(prepared, weight, np.zeros(len(weight), np.float32), train, given, out_dir)
        return Training(device=use)


def descriptions(label_names: tuple[str, ...], params: Params) -> list[str]:
    """Of each label. Raises `BenchError` for one that does not exist, and for a template without a place."""
    if "{}" not in params["template"]:
        raise BenchError(f"template={params['template']!r}: write {{}} where the label's name goes")
    pairs = [pair.partition("=") for pair in params["descriptions"].split(";") if pair.strip()]
    own = {name.strip(): words.strip() for name, _, words in pairs}
    for name, words in own.items():
        if name not in label_names:
            raise BenchError(f"descriptions: no label '{name}'; {did_you_mean(name, label_names)}")
        if not words:
            raise BenchError(f"descriptions: '{name}' has none; write {name}=what it means")
    return [own.get(name) or params["template"].replace("{}", name.replace("_", " ")) for name in label_names]
