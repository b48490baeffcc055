"""Low-rank adapters (Hu et al., "LoRA", 2022): added, named by role, merged, listed and put on another backbone."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from bench.api import BenchError, Params, did_you_mean, refuse_code
from transformers_pt.artifact import save_artifact
from transformers_pt.encode import Encoder
from transformers_pt.facts import ModelFacts, encoder_of, read_facts, write_facts
from transformers_pt.label_order import problem_type
from transformers_pt.presets import backbone

FOLDER = "adapter"
"""Where an artifact keeps the adapter alone, beside the merged weights."""
ROLES = {
    "bert": {"query": "query", "key": "key", "value": "value", "output": "attention.output.dense"},
    "mpnet": {"query": "attn.q", "key": "attn.k", "value": "attn.v", "output": "attn.o"},
    "distilbert": {"query": "q_lin", "key": "k_lin", "value": "v_lin", "output": "out_lin"},
}
"""What an architecture calls the four linear layers of attention; in others, targets are module names."""
ALIKE = {"roberta": "bert", "electra": "bert", "camembert": "bert", "xlm-roberta": "bert", "deberta": "bert"}


def target_modules(model: Any, targets: str) -> list[str]:
    """Module names of `targets`, roles (`query,value`) or names of the architecture (`q_lin`), joined by commas.

    A target that no linear layer of the model carries is an error that lists the right ones.
    """
    kind = model.config.model_type
    roles = ROLES.get(ALIKE.get(kind, kind), {})
    names = {name for name, module in model.base_model.named_modules() if isinstance(module, nn.Linear)}
    endings = sorted({name.rsplit(".", 1)[-1] for name in names})
    chosen = []
    for target in (part.strip() for part in targets.split(",")):
        module = roles.get(target, target)
        if not any(name == module or name.endswith("." + module) for name in names):
            raise BenchError(f"targets={targets}: {kind} has no '{target}'; {did_you_mean(target, [*roles, *endings])}")
        chosen.append(module)
    return chosen


def add_adapter(model: Any, params: Params) -> Any:
    """The model with low-rank adapters on its targets: they and the head are trained, all else is frozen."""
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=params["r"], lora_alpha=params["alpha"], lora_dropout=params["lora_dropout"],
        target_modules=target_modules(model, params["targets"]), modules_to_save=new_parts(model),
    )  # fmt: skip
    return get_peft_model(model, config)


def new_parts(model: Any) -> list[str]:
    """Modules with new, random weights: the head, and BERT's pooler after masked-language pretraining."""
    heads = [(name, part) for name, part in model.named_children() if name != model.base_model_prefix]
    parts = [name for name, part in heads if list(part.parameters())]
    if "pooler" in getattr(model, "new_modules", ()):
        parts.append("pooler")
    return parts


def keep_adapter(model: Any, out_dir: Path, encoder: Encoder, facts: ModelFacts) -> None:
    """The adapter and head alone in `out_dir/adapter`, before they are merged, with what `apply_adapter` needs."""
    folder = out_dir / FOLDER
    model.save_pretrained(folder)
    write_facts(folder, encoder, facts)
    (folder / "README.md").unlink(missing_ok=True)  # an empty form
    path = folder / "adapter_config.json"  # PEFT has written the path that the backbone has on this machine
    config = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": facts["backbone"]}
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Adapter:
    """A stored adapter: where, of which backbone, how large."""

    folder: Path
    backbone: str
    rank: int
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    dataset: str
    bytes: int


def stored_adapters(artifacts: Path) -> list[Adapter]:
    """The adapters of all artifacts of a store, by data set and backbone."""
    adapters = [_adapter(path.parent) for path in artifacts.glob(f"*/{FOLDER}/adapter_config.json")]
    return sorted(adapters, key=lambda adapter: (adapter.dataset, adapter.backbone, adapter.folder))


def _adapter(folder: Path) -> Adapter:
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    card = json.loads((folder.parent / "artifact.json").read_text(encoding="utf-8"))
    return Adapter(
        folder, config["base_model_name_or_path"], config["r"], tuple(sorted(config["target_modules"])),
        tuple(card["label_names"]), card["dataset"], sum(path.stat().st_size for path in folder.iterdir()),
    )  # fmt: skip


def apply_adapter(adapter: Path, out: Path, backbone_folder: str | None = None) -> None:
    """A whole artifact in the new folder `out`: the adapter merged into its backbone.

    `backbone_folder` is where the backbone lies, if not by its name. Raises `BenchError` where `out` exists,
    `adapter` is none, its weights are a pickle or it names code.
    """
    from peft import PeftModel

    from transformers_pt.backbones import load_classifier, load_tokenizer

    if not (adapter / "adapter_config.json").is_file():
        raise BenchError(f"no adapter in {adapter}: `python -m transformers_pt adapters list` names those of a store")
    refuse_code(adapter)
    if not (adapter / "adapter_model.safetensors").is_file():  # PEFT would take a pickle in its place
        raise BenchError(f"adapter {adapter} has no adapter_model.safetensors, and weights are read from nothing else")
    if out.exists():
        raise BenchError(f"{out} exists already; choose another folder")
    facts = read_facts(adapter)
    origin = backbone(backbone_folder or _adapter(adapter).backbone).located()
    problem = problem_type(facts.get("multi_label", False))
    plain = load_classifier(origin, facts["label_names"], facts["pretrained"], allow_pickle=False, problem_type=problem)
    adapted = PeftModel.from_pretrained(plain, str(adapter), use_safetensors=True, trust_remote_code=False)
    model = adapted.merge_and_unload()
    encoder = encoder_of(load_tokenizer(origin.source), facts)
    out.mkdir(parents=True)
    save_artifact(out, model, encoder, facts)
    shutil.copyfile(adapter.parent / "artifact.json", out / "artifact.json")
