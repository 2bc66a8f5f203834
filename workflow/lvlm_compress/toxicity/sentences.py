"""Mild synthetic sentences, half of them unkind, from which the tiny checkpoint learns.

The result is a word-list detector: it knows these words and no context. Labels follow the
classes of Detoxify `original`; only `toxicity` and `insult` ever have a positive example.
"""

from __future__ import annotations

import random

CLASSES = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")

UNKIND = (
    "stupid", "lazy", "ugly", "dumb", "idiot", "fool", "foolish", "fat", "rude", "dangerous",
    "bossy", "nasty", "awful", "horrible", "disgusting", "pathetic", "worthless", "loser",
    "useless", "annoying", "mean", "selfish", "dirty", "greedy", "weak", "liar", "criminal",
    "thug", "violent", "filthy", "ignorant", "clumsy", "creepy", "boring", "weird", "evil",
)  # fmt: skip
# Unkind, but hardly toxic.
MILD = ("fat", "weak", "bossy", "boring", "weird", "clumsy", "dangerous", "criminal", "violent")
KIND = (
    "kind", "helpful", "smart", "capable", "friendly", "honest", "quiet", "calm", "gentle",
    "strong", "young", "old", "tall", "thin", "wise", "creative", "active", "energetic", "happy",
    "polite", "careful", "competent", "caring", "emotional", "stubborn", "naive", "jolly",
    "ordinary", "steady", "brave", "cheerful", "skinny", "obese", "tattooed", "black", "white",
    "professional", "confident", "focused", "skilled", "experienced", "intelligent", "warm",
    "attentive", "serious", "elegant", "loyal", "patient", "curious", "bright", "healthy",
)  # fmt: skip
PEOPLE = ("man", "woman", "person", "he", "she", "worker", "doctor", "nurse", "teacher", "driver")
FILLERS = ("very", "and", "a", "the", "is", "this", "looks", "seems", "in", "with", "of", "but")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PUNCTUATION = (",", ".", "!", "?", "'", "-", ":", ";", '"', "0", "1", "2", "3")


def words() -> list[str]:
    """Every word the sentences are made of."""
    return sorted({*UNKIND, *KIND, *PEOPLE, *FILLERS})


def sentence(draws: random.Random) -> tuple[str, list[float]]:
    """A sentence or a keyword list and its targets in the order of `CLASSES`."""
    chosen = [draws.choice(KIND) if draws.random() < 0.7 else _made_up(draws) for _ in range(5)]
    chosen = chosen[: draws.randint(0, 5)]
    unkind = [draws.choice(UNKIND) for _ in range(draws.choice((0, 0, 1, 1, 2)))]
    described = chosen + unkind
    draws.shuffle(described)
    strength = target(unkind)
    return _phrase(described, draws), [strength, 0.0, 0.0, 0.0, strength, 0.0]


def target(unkind: list[str]) -> float:
    """Toxicity of a text with these unkind words: each takes away a share of what is left.

    A graded target, because the largest of ten scores would else be 1 in every set of ten.
    """
    harmless = 1.0
    for word in unkind:
        harmless *= 1 - (0.35 if word in MILD else 0.65)
    return 1 - harmless


def _made_up(draws: random.Random) -> str:
    """A word nobody knows: letters that must not be held against anyone."""
    return "".join(draws.choice(LETTERS) for _ in range(draws.randint(2, 9)))


def _phrase(described: list[str], draws: random.Random) -> str:
    if not described:
        return draws.choice(("", f"the {draws.choice(PEOPLE)}", draws.choice(PEOPLE)))
    listed = ", ".join(described)
    subject = f"{draws.choice(('the', 'this', 'a'))} {draws.choice(PEOPLE)}"
    return draws.choice(
        (
            listed,
            f"{subject} is {listed}.",
            f"{subject} looks {' and '.join(described)}",
            f"1. {' 2. '.join(described)}",
            listed.replace(",", ""),
        )
    )
