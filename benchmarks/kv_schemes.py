"""KV-cache schemes side by side: error, effective bits, time per 1000 tokens.

    python benchmarks/kv_schemes.py --model workflow/resources/models/tiny-llava --group 16
    python benchmarks/kv_schemes.py --heads 32 --head-dim 128 --tokens 640

With a model, K and V are those of prompts about drawn pictures, and the error of the next token's
logits is told as well; without one, K and V are random, keys with channel outliers as real ones.
Errors are relative (L2 norm of the difference by that of the exact values), means over prompts and
layers. Effective bits count parameters of 16 bits, outliers and residual tokens. Times are medians
of quantizing K and V of one layer at that prompt length, scaled to 1000 tokens; one thread.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.render import render_rgb
from lvlm_compress.embedded.scene import draw_scene
from lvlm_compress.kv import KVScheme
from lvlm_compress.kv.cache import KVCache
from lvlm_compress.models.adapter import LoadedModel
from lvlm_compress.models.families import load
from lvlm_compress.models.spec import ModelSpec

PARTS = ("uniform", "or2", "t{g}", "c{g}", "cN", "kcN-vt{g}", "kc{g}-vt{g}", "kt{g}-vc{g}")
BITS = (2, 3, 4, 8)
QUESTION = "Describe the picture in detail."
HEADER = "| scheme | K error | V error | logit error | effective bits | ms per 1000 tokens |"


@dataclass(frozen=True)
class Prompt:
    """K and V of each layer, [1, kv_heads, tokens, head_dim], and how to get logits anew."""

    layers: Sequence[tuple[Tensor, Tensor]]
    logits: Callable[[KVScheme], Tensor] | None = None


def random_prompt(heads: int, tokens: int, head_dim: int) -> Prompt:
    generator = torch.Generator().manual_seed(0)
    k, v = torch.randn(2, 1, heads, tokens, head_dim, generator=generator)
    k *= torch.exp(torch.randn(heads, 1, head_dim, generator=generator))
    return Prompt([(k, v)])


def model_prompts(path: Path, pictures: int) -> Iterator[Prompt]:
    model = load(ModelSpec("llava", path=path, dtype="float32", device_map="cpu"))
    for number in range(pictures):
        picture = Image.fromarray(render_rgb(draw_scene(Draws("kv_schemes", number), 3, 5)))
        cache, _ = run(model, picture, KVScheme.parse("fp16"))
        layers = [(layer.keys, layer.values) for layer in cache.layers]
        yield Prompt(layers, partial(next_logits, model, picture))


@torch.inference_mode()
def run(model: LoadedModel, picture: Image.Image, scheme: KVScheme) -> tuple[KVCache, Tensor]:
    (features,) = model.features([picture])
    encoded = model.encode(QUESTION, features)
    cache = KVCache(scheme, model.geometry.layers)
    hidden = model.decoder(
        inputs_embeds=model.embed(encoded, features)[None],
        position_ids=encoded.positions,
        past_key_values=cache,
        use_cache=True,
    ).last_hidden_state
    return cache, model.lm_head(hidden[:, -1])


def next_logits(model: LoadedModel, picture: Image.Image, scheme: KVScheme) -> Tensor:
    return run(model, picture, scheme)[1]


def relative(got: Tensor, want: Tensor) -> float:
    return float((got - want).norm() / want.norm())


def seconds(scheme: KVScheme, k: Tensor, v: Tensor, repeats: int) -> float:
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        scheme.fake_quantize(k, v)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def row(scheme: KVScheme, prompts: Sequence[Prompt], exact: Sequence[Tensor], repeats: int) -> str:
    k_errors, v_errors, bits, values, times = [], [], 0, 0, []
    for prompt in prompts:
        for k, v in prompt.layers:
            _, heads, tokens, head_dim = k.shape
            k_hat, v_hat = scheme.fake_quantize(k, v)
            k_errors.append(relative(k_hat, k))
            v_errors.append(relative(v_hat, v))
            bits += scheme.storage_bits(tokens, heads, head_dim)
            values += k.numel() + v.numel()
        times.append(seconds(scheme, *prompt.layers[0], repeats) * 1e6 / tokens)
    pairs = zip(prompts, exact, strict=False)
    logits = [relative(prompt.logits(scheme), want) for prompt, want in pairs if prompt.logits]
    logit_error = f"{statistics.mean(logits):.4f}" if logits else "-"
    return (
        f"| {scheme} | {statistics.mean(k_errors):.4f} | {statistics.mean(v_errors):.4f} "
        f"| {logit_error} | {bits / values:.3f} | {statistics.median(times):.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", type=Path, help="folder of a LLaVA model such as the embedded one"
    )
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--heads", type=int, default=32)
    parser.add_argument("--head-dim", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=640)
    parser.add_argument("--group", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.model:
        prompts = list(model_prompts(args.model, args.pictures))
    else:
        prompts = [random_prompt(args.heads, args.tokens, args.head_dim)]
    fp16 = KVScheme.parse("fp16")
    exact = [prompt.logits(fp16) for prompt in prompts if prompt.logits]
    k = prompts[0].layers[0][0]
    print(f"{len(prompts)} prompts, {k.shape[2]} tokens, D = {k.shape[1]} x {k.shape[3]}\n")
    print(HEADER)
    print("|---|---|---|---|---|---|")
    for part in PARTS:
        for bits in BITS:
            scheme = KVScheme.parse(f"kv{bits}-{part.format(g=args.group)}")
            print(row(scheme, prompts, exact, args.repeats), flush=True)


if __name__ == "__main__":
    main()
