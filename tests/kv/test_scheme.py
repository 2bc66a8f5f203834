"""KVScheme against the plain reference, value by value (spec sections 1, 2, 12.1)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from lvlm_compress.errors import UserError
from lvlm_compress.kv import KVScheme
from tests.kv import reference
from tests.kv.samples import IDS, TWO_BIT, random_kv, split_id


@pytest.mark.parametrize("text", IDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("tokens", [1, 15, 16, 40])
def test_equals_the_reference_bit_for_bit(text: str, dtype: torch.dtype, tokens: int) -> None:
    k, v = random_kv(1, 4, tokens, 16, seed=tokens, dtype=dtype)
    k_hat, v_hat = KVScheme.parse(text).fake_quantize(k, v)
    k_part, v_part, bits = split_id(text)
    assert k_hat.dtype == v_hat.dtype == dtype
    torch.testing.assert_close(
        k_hat[0], reference.quantize_tensor(k[0], k_part, bits), rtol=0, atol=0
    )
    torch.testing.assert_close(
        v_hat[0], reference.quantize_tensor(v[0], v_part, bits), rtol=0, atol=0
    )


def test_bits_of_k_and_v_may_differ() -> None:
    k, v = random_kv(1, 2, 20, 16)
    k_hat, v_hat = KVScheme.parse("k3v2-t32").fake_quantize(k, v)
    assert torch.equal(k_hat, KVScheme.parse("kv3-t32").fake_quantize(k, v)[0])
    assert torch.equal(v_hat, KVScheme.parse("kv2-t32").fake_quantize(k, v)[1])


@pytest.mark.parametrize("text", TWO_BIT)
@pytest.mark.parametrize("garbage", [3e4, float("nan"), float("inf")])
def test_a_padded_batch_equals_single_samples(text: str, garbage: float) -> None:
    """Spec 12.2, and a mask with a hole, as a reused prefix leaves it."""
    mask = torch.ones(3, 50, dtype=torch.bool)
    mask[1, :13] = False
    mask[2, 20:31] = False
    k, v = random_kv(3, 4, 50, 16, dtype=torch.float16)
    for x in (k, v):
        x.masked_fill_(~mask[:, None, :, None], garbage)
    scheme = KVScheme.parse(text)
    batched = scheme.fake_quantize(k, v, mask)
    for sample in range(3):
        valid = mask[sample]
        alone = scheme.fake_quantize(
            k[sample : sample + 1, :, valid], v[sample : sample + 1, :, valid]
        )
        assert torch.equal(batched[0][sample][:, valid], alone[0][0])
        assert torch.equal(batched[1][sample][:, valid], alone[1][0])


@pytest.mark.parametrize("text", [*TWO_BIT, "fp16"])
def test_arguments_are_left_alone(text: str) -> None:
    k, v = random_kv(2, 4, 33, 16)
    mask = torch.ones(2, 33, dtype=torch.bool)
    mask[0, :5] = False
    before = k.clone(), v.clone(), mask.clone()
    k_hat, _ = KVScheme.parse(text).fake_quantize(k, v, mask)
    assert all(torch.equal(a, b) for a, b in zip((k, v, mask), before, strict=True))
    assert k_hat.data_ptr() != k.data_ptr()


def test_a_mask_of_another_shape_is_an_error() -> None:
    k, v = random_kv(2, 4, 33, 16)
    with pytest.raises(ValueError, match="Mask"):
        KVScheme.parse("kv2-t32").fake_quantize(k, v, torch.ones(2, 32, dtype=torch.bool))


def test_a_group_that_does_not_divide_the_kv_width_is_refused_before_loading() -> None:
    with pytest.raises(UserError, match=r"(?s)g = 100.*D = 4 heads x 64 = 256"):
        KVScheme.parse("kv2-kc128-vt100").validate(4, 64)
    KVScheme.parse("kv2-c100").validate(4, 64)
    KVScheme.parse("kv2-t256").validate(1, 256)


@pytest.mark.parametrize(
    ("option", "value"),
    [("order", "never"), ("storage", "disk"), ("stream_gap", 0), ("param_bits", 8)],
)
def test_bad_options_are_named(option: str, value: object) -> None:
    with pytest.raises(UserError, match=option):
        KVScheme.parse("kv2-t128", **{option: value})


def test_modules_are_only_those_the_scheme_uses() -> None:
    modules = KVScheme.parse("kv2-kc128-vt128").modules
    assert "lvlm_compress.kv.schemes.per_channel" in modules
    assert "lvlm_compress.kv.schemes.per_token" in modules
    assert not any("uniform" in module or "packed" in module for module in modules)
    packed = KVScheme.parse("kv2-uniform", storage="packed").modules
    assert "lvlm_compress.kv.packed_layer" in packed


def test_the_digest_spec_says_what_changes_results() -> None:
    assert KVScheme.parse("fp16", stream_gap=7).spec() == {"id": "fp16"}
    assert KVScheme.parse("k2v2-t128", order="after", stream_gap=7).spec() == {
        "id": "kv2-t128",
        "order": "after",
        "stream_gap": 7,
        "storage": "simulated",
    }
    assert KVScheme.parse("kv2-t128", storage="packed").spec()["param_bits"] == 32


def test_parsing_does_not_import_torch() -> None:
    code = (
        "import sys; from lvlm_compress.kv import KVScheme; s = KVScheme.parse('kv2-or2');"
        "s.storage_bits(700, 32, 128); s.shareable_prefix(7); s.modules;"
        "sys.exit('torch' in sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert run.returncode == 0
