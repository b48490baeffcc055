"""Dropout of one byte an element, and the attention that uses it."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from tests.transformers_pt.conftest import Checkpoints
from transformers_pt.dropout import PLAIN, ByteDropout, byte_dropout, register_plain_attention, replace_dropout


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5])
def test_it_drops_its_share_everywhere_and_keeps_the_mean(rate: float) -> None:
    torch.manual_seed(0)
    values = torch.ones(500, 8001, requires_grad=True)  # not a multiple of eight
    dropped = byte_dropout(values, rate)
    byte = round(256 * rate) / 256
    for place in range(8):  # each byte of a random word
        assert (dropped.view(-1)[place::8] == 0).float().mean().item() == pytest.approx(byte, abs=0.003)
    assert dropped.mean().item() == pytest.approx(1, abs=0.003)
    assert dropped.max().item() == pytest.approx(1 / (1 - byte))
    dropped.sum().backward()
    assert values.grad is not None and torch.equal(values.grad == 0, dropped == 0)


def test_seeds_decide_and_evaluation_changes_nothing() -> None:
    values = torch.randn(40, 30)
    layer = ByteDropout(0.3)
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        made.append(layer(values))
    assert torch.equal(made[0], made[1]) and not torch.equal(made[0], made[2])
    assert torch.equal(layer.eval()(values), values)
    assert layer.train()(values.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("family", ["bert", "roberta", "bertweet", "distilbert", "minilm", "electra"])
def test_plain_attention_is_the_library_s_own(family: str, checkpoints: Checkpoints) -> None:
    register_plain_attention()
    ids = torch.randint(5, 90, (3, 12))
    mask = torch.ones_like(ids)
    mask[1, 7:] = mask[2, 4:] = 0
    logits = []
    for attention in ("eager", PLAIN):
        torch.manual_seed(0)
        model = AutoModelForSequenceClassification.from_pretrained(
            checkpoints[family], num_labels=4, attn_implementation=attention,
            use_safetensors=True, trust_remote_code=False,
        )  # fmt: skip
        replace_dropout(model)
        assert not [m for m in model.modules() if type(m) is torch.nn.Dropout]
        logits.append(model.eval()(input_ids=ids, attention_mask=mask).logits)
        assert not torch.equal(model.train()(input_ids=ids, attention_mask=mask).logits, logits[-1])
    torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-5)
