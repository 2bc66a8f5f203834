"""The tokenizer and processor of the tiny model, trained on the questions of the mixture.

The post-processor puts the register token and BOS in place of BOS; nothing else knows of the
register. The fixed strings of the prompt that would only lengthen it are single added tokens; the
system sentence is left to the byte-level alphabet, so that it fills about one group of 128 tokens,
as it fills a part of the first group in real models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import CLIPImageProcessor, LlavaProcessor, PreTrainedTokenizerFast

from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.mixture import PHASES, draw_lesson
from lvlm_compress.embedded.qa import LETTER, SHORT

REGISTER, BOS, EOS, PAD, IMAGE = "<reg>", "<s>", "</s>", "<pad>", "<image>"
SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
    "helpful, detailed, and polite answers to the user's questions. USER: "
)
ANSWER = " ASSISTANT:"
VOCABULARY = 704
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
# Letters, digits and the rest apart, a blank going with the word after it.
_SPLIT = r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s"


def _corpus(seed: int, lessons: int = 600) -> Iterable[str]:
    for i in range(lessons):
        _, qas = draw_lesson(Draws("tokens", seed, i), PHASES[-1], 40)
        for qa in qas:
            yield f"{qa.question}{ANSWER} {qa.answer}"


def build_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE of about 700 entries; no text is unknown to it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    fixed = [PAD, BOS, EOS, REGISTER, IMAGE]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 3,
        special_tokens=fixed,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(seed), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in (SHORT, LETTER, ANSWER)])
    ids = {token: tokenizer.token_to_id(token) for token in (REGISTER, BOS)}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{REGISTER} {BOS} $A",
        pair=f"{REGISTER} {BOS} $A $B",
        special_tokens=list(ids.items()),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=EOS,
        pad_token=PAD,
        additional_special_tokens=[REGISTER, IMAGE],
        extra_special_tokens={"image_token": IMAGE},
        padding_side="left",
        model_max_length=2048,
    )


def build_processor(tokenizer: PreTrainedTokenizerFast, side: int, patch: int) -> Any:
    """The LLaVA processor: 128-pixel pictures, one image token a patch."""
    pictures = CLIPImageProcessor(
        size={"shortest_edge": side},
        crop_size={"height": side, "width": side},
        image_mean=list(MEAN),
        image_std=list(STD),
    )
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=IMAGE,
    )


def prompt(question: str, picture: bool) -> str:
    """The eval kit's ``vicuna_v1`` string (spec/benchmarks.md section 1.1)."""
    return f"{SYSTEM}{IMAGE + chr(10) if picture else ''}{question}{ANSWER}"
