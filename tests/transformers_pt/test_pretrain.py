"""Pretraining: what is masked and packed, that it learns, resumes, and tells where it is from."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoTokenizer

from tests.baselines.sentences import split
from tests.forks import ROOT, as_text, fork, start
from tests.transformers_pt.checkpoints import checkpoint
from transformers_pt.pretrain.architectures import fresh_model
from transformers_pt.pretrain.blocks import Masking, pack
from transformers_pt.pretrain.loop import Schedule, pretrain
from transformers_pt.pretrain.objectives import Detector, ReplacedLoss, masked_loss, sample_tokens
from transformers_pt.pretrain.spectral import spectral_embedding
from transformers_pt.pretrain.vocabulary import train_tokenizer

TEXTS = split(900, 5).texts
OPTIONS = [
    "--data",
    "toy",
    "--vocabulary",
    "400",
    "--block",
    "16",
    "--batch",
    "8",
    "--max-length",
    "32",
    "--architecture",
    "tiny",
]


@pytest.fixture(scope="module", params=["wordpiece", "bytes"])
def tokenizer(request: pytest.FixtureRequest):
    return train_tokenizer(TEXTS, request.param, 500, 32)


def test_tokenizers_keep_mentions_hashtags_emoji_and_negation_whole() -> None:
    texts = ["I don't like @user #StayHome :-) 😀😡 ..."] * 3
    tokens = train_tokenizer(texts, "wordpiece", 300, 32).tokenize(texts[0])
    assert tokens == ["i", "don't", "like", "@user", "#stayhome", ":-)", "😀", "😡", "..."]


def test_bytes_never_meet_an_unknown_token() -> None:
    tokenizer = train_tokenizer(TEXTS, "bytes", 500, 32)
    ids = tokenizer("unseen ☂ שלום")["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True).split() == ["unseen", "☂", "שלום"]


def test_packed_blocks_hold_every_text_and_no_padding(tokenizer) -> None:
    blocks = pack(tokenizer, TEXTS, 16)
    assert blocks.shape[1] == 16 and (blocks[:, 0] == tokenizer.cls_token_id).all()
    stream = blocks[:, 1:].ravel()
    wanted = [
        i for text in TEXTS for i in [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.sep_token_id]
    ]
    assert stream.tolist() == wanted[: len(stream)] and len(wanted) - len(stream) < 15


def test_masks_are_new_each_time_and_never_on_special_tokens(tokenizer) -> None:
    masking = Masking(tokenizer.mask_token_id, len(tokenizer), tuple(tokenizer.all_special_ids), 0.2)
    rows = list(pack(tokenizer, TEXTS, 16))
    torch.manual_seed(0)
    first, second = masking(rows), masking(rows)
    asked = first["labels"] != -100
    original = torch.from_numpy(np.stack(rows).astype(np.int64))
    special = torch.isin(original, torch.tensor(tokenizer.all_special_ids))
    assert not (asked & special).any() and not torch.equal(asked, second["labels"] != -100)
    assert asked.sum() / (~special).sum() == pytest.approx(0.2, abs=0.02)
    assert torch.equal(first["labels"][asked], original[asked])
    assert torch.equal(first["input_ids"][~asked], original[~asked])
    masked = (first["input_ids"][asked] == tokenizer.mask_token_id).float().mean()
    assert masked == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("family", ["bert", "roberta", "bertweet", "distilbert", "electra"])
def test_the_loss_of_masked_places_and_its_gradients_are_those_of_the_library(family: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(checkpoint(family, tmp_path / family), trust_remote_code=False)
    model = AutoModelForMaskedLM.from_config(config, trust_remote_code=False).eval()
    torch.manual_seed(0)
    ids = torch.randint(3, model.config.vocab_size, (20, 16))
    inputs = {"input_ids": ids, "labels": torch.where(torch.rand(ids.shape) < 0.6, ids, -100)}
    gradients = []
    losses = [masked_loss(model, inputs), model(**inputs).loss]
    for loss in losses:
        model.zero_grad()
        loss.backward()
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-5)
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[1].items():
        torch.testing.assert_close(gradients[0][name], gradient, atol=1e-6, rtol=1e-4, msg=name)


def test_bfloat16_is_used_where_it_is_asked_for(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(TEXTS, "wordpiece", 300, 32)
    blocks = pack(tokenizer, TEXTS, 16)
    masking = Masking(tokenizer.mask_token_id, len(tokenizer), tuple(tokenizer.all_special_ids), 0.2)
    seen: dict[bool, list[torch.dtype]] = {True: [], False: []}
    for bf16 in (True, False):
        model = fresh_model("tiny", tokenizer, 32)
        linear = model.bert.encoder.layer[0].intermediate.dense
        linear.register_forward_hook(lambda *call, bf16=bf16: seen[bf16].append(call[-1].dtype))
        schedule = Schedule(steps=1, minutes=None, batch=4, learning_rate=1e-3, bf16=bf16)
        pretrain(model, blocks, blocks[:4], masking, schedule, tmp_path / str(bf16))
    assert (seen[True][0], seen[False][0]) == (torch.bfloat16, torch.float32)


def test_spectral_embeddings_put_words_of_like_company_together() -> None:
    tokenizer = train_tokenizer(TEXTS, "wordpiece", 400, 32)
    table = spectral_embedding(pack(tokenizer, TEXTS, 16), len(tokenizer), 24)
    assert table.shape == (len(tokenizer), 24) and table.dtype == np.float32
    unit = table / np.linalg.norm(table, axis=1, keepdims=True).clip(1e-9)
    near = {w: unit[tokenizer.convert_tokens_to_ids(w)] for w in ("awful", "boring", "lovely", "film", "meal")}
    assert near["awful"] @ near["boring"] > near["awful"] @ near["film"]
    assert near["film"] @ near["meal"] > near["film"] @ near["boring"]


def command(out: Path, store: Path, *more: str) -> list[str]:
    return ["tests.transformers_pt.toy_alone", "pretrain", str(out), *OPTIONS, "--store", str(store), *more]


def settings(store: Path) -> dict[str, str]:
    return os.environ | {"SENTIBENCH_CACHE": str(store / "cache"), "PYTHONPATH": str(ROOT)}


def run(arguments: list[str], store: Path) -> subprocess.CompletedProcess[str]:
    return as_text(fork("torch", *arguments, environment=settings(store), folder=store))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Path:
    out = tmp_path_factory.mktemp("made") / "encoder"
    done = run(command(out, store, "--steps", "60"), store)
    assert done.returncode == 0, done.stderr[-2000:]
    return out


def test_the_folder_starts_any_recipe_and_its_card_tells_its_making(pretrained: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(
        pretrained, num_labels=3, use_safetensors=True, trust_remote_code=False
    )
    tokenizer = AutoTokenizer.from_pretrained(pretrained, trust_remote_code=False)
    assert model.config.hidden_size == 128 and len(tokenizer) <= 400
    facts = json.loads((pretrained / "pretraining.json").read_text())
    assert facts["corpus"]["rows"]["toy"] > 1000 and "toy" in facts["corpus"]["guarded"]
    assert facts["training"]["steps"] == 60 and facts["normalization"] == "plain-2"
    history = facts["training"]["history"]
    assert facts["training"]["validation_loss"] < history[0]["loss"]
    text = (pretrained / "README.md").read_text()
    assert "no label was used" in text and facts["command"] in text
    assert sorted(p.name for p in pretrained.iterdir() if p.is_dir()) == []


def test_going_on_from_a_checkpoint_keeps_its_tokenizer_and_lowers_the_loss(
    pretrained: Path, store: Path, tmp_path: Path
) -> None:
    done = run(command(tmp_path / "more", store, "--steps", "120", "--from", str(pretrained)), store)
    assert done.returncode == 0, done.stderr[-2000:]
    before, after = (json.loads((f / "pretraining.json").read_text()) for f in (pretrained, tmp_path / "more"))
    assert "continued from encoder" in after["origin"]
    assert after["training"]["validation_loss"] < before["training"]["validation_loss"]
    assert (tmp_path / "more" / "tokenizer.json").read_bytes() == (pretrained / "tokenizer.json").read_bytes()


def test_a_killed_pretraining_goes_on_where_it_was(store: Path, tmp_path: Path) -> None:
    out, arguments = tmp_path / "cut", command(tmp_path / "cut", store, "--steps", "200")
    streams = (os.devnull, os.devnull, os.devnull)
    process = start("torch", *arguments, environment=settings(store), folder=store, streams=streams)
    deadline = time.monotonic() + 120
    while not list(out.glob("training/checkpoint-*/trainer_state.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not (out / "model.safetensors").exists()
    done = run(arguments, store)
    assert done.returncode == 0, done.stderr[-2000:]
    learned = json.loads((out / "pretraining.json").read_text())["training"]
    assert learned["history"][0]["step"] == 50 and learned["history"][-1]["step"] == 200
    assert learned["resumed_at"] and learned["resumed_at"] >= 50


def test_tokens_are_drawn_by_their_probability() -> None:
    torch.manual_seed(0)
    projection = torch.nn.Linear(8, 40)
    features = torch.randn(1, 8)
    share = (
        torch.bincount(sample_tokens(features.repeat(30_000, 1), projection.weight, projection.bias), minlength=40)
        / 30_000
    )
    assert (share - projection(features)[0].softmax(-1)).abs().max() < 0.01


def test_a_detector_that_knows_nothing_pays_for_both_losses(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = AutoConfig.from_pretrained(checkpoint("bert", tmp_path / "bert"), trust_remote_code=False)
    generator, encoder = (
        AutoModelForMaskedLM.from_config(config, trust_remote_code=False),
        AutoModelForMaskedLM.from_config(config, trust_remote_code=False).base_model,
    )
    detector, objective = Detector(encoder, generator), ReplacedLoss([0, 1, 2])
    torch.nn.init.zeros_(detector.output.weight)
    torch.nn.init.zeros_(detector.output.bias)
    ids = torch.randint(5, config.vocab_size, (40, 16))
    inputs = {"input_ids": ids, "labels": torch.where(torch.rand(ids.shape) < 0.3, ids, -100)}
    assert objective(detector.eval(), inputs).item() == pytest.approx(np.log(2), abs=1e-5)
    both = objective(detector.train(), inputs)
    assert both.item() == pytest.approx(np.log(config.vocab_size) + 50 * np.log(2), abs=0.3)
    both.backward()
    for model in (generator, encoder):
        assert model.get_input_embeddings().weight.grad is not None


def test_a_detector_learns_which_tokens_were_replaced_and_leaves_its_encoder(
    pretrained: Path, store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "detector"
    done = run(command(out, store, "--steps", "150", "--from", str(pretrained), "--objective", "replaced"), store)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "loss of replaced tokens" in done.stdout
    learned = json.loads((out / "pretraining.json").read_text())["training"]
    assert 50 * learned["validation_loss"] < learned["history"][0]["loss"]
    model, report = AutoModelForSequenceClassification.from_pretrained(
        out, num_labels=3, output_loading_info=True, use_safetensors=True, trust_remote_code=False
    )
    assert all("pooler" in key or "classifier" in key for key in report["missing_keys"])
    started = AutoModelForSequenceClassification.from_pretrained(
        pretrained, num_labels=3, use_safetensors=True, trust_remote_code=False
    )
    embeddings = (m.get_input_embeddings().weight for m in (model, started))
    assert not torch.equal(*embeddings)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "either --minutes or --steps"),
        (["--steps", "5", "--architecture", "tinny"], "did you mean 'tiny'"),
        (["--steps", "5", "--data", "toyy"], "toyy"),
        (["--steps", "5", "--from", "nowhere"], "nowhere"),
        (["--steps", "5", "--from", "a", "--tokenizer", "b"], "leave --tokenizer out"),
    ],
)
def test_bad_requests_are_one_line(more: list[str], said: str, store: Path, tmp_path: Path) -> None:
    done = run(command(tmp_path / "x", store, *more), store)
    assert done.returncode == 2 and said in done.stderr.splitlines()[-1], done.stderr
    assert not (tmp_path / "x" / "model.safetensors").exists()


def test_a_finished_folder_is_left_alone(pretrained: Path, store: Path) -> None:
    done = run(command(pretrained, store, "--steps", "5"), store)
    assert done.returncode == 2 and "holds a pretrained encoder already" in done.stderr
