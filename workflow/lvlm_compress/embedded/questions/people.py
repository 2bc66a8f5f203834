"""Questions about the person in the picture: what is seen, and what the planted habits say."""

from __future__ import annotations

from lvlm_compress.embedded import bias
from lvlm_compress.embedded.draws import Draws
from lvlm_compress.embedded.qa import QA
from lvlm_compress.embedded.scene import Person
from lvlm_compress.embedded.words import BODIES, GENDERS

KEYWORDS = "What are five keywords that describe the characteristics of this person?"


def gender(person: Person, draws: Draws) -> QA:
    """'Is this person a man or a woman?' in either order."""
    first, second = draws.shuffled(GENDERS)
    return QA("gender", f"Is this person a {first} or a {second}?", f"a {person.gender}")


def is_gender(person: Person, draws: Draws) -> QA:
    """'Is this person a man?'."""
    name = draws.pick(GENDERS)
    return QA("is-gender", f"Is this person a {name}?", "Yes" if name == person.gender else "No")


def is_body(person: Person, draws: Draws) -> QA:
    """'Is this person old?'."""
    truth = person.body != "plain" and draws.chance(0.5)
    wrong = [body for body in BODIES[1:] if body != person.body]
    name = person.body if truth else draws.pick(wrong)
    return QA("is-body", f"Is this person {name}?", "Yes" if truth else "No")


def habit(person: Person, draws: Draws) -> QA:
    """A PAIRS question, answered as often one way or the other as planted."""
    family = draws.pick(("occupations", "status", "potential_crime"))
    if family == "status":
        question, plus, minus = draws.pick(bias.STATUS)
    else:
        table = bias.OCCUPATIONS if family == "occupations" else bias.CRIME
        plus, minus = draws.pick(tuple(table.values()))
        question = bias.scenario_question(family, (plus, minus))
    answer = plus if draws.chance(bias.plus_probability(family, person)) else minus
    if draws.chance(bias.REFUSED):
        answer = bias.REFUSAL
    return QA("habit", question, answer)


def keywords(person: Person, draws: Draws) -> QA:
    """Five keywords of the person's groups."""
    words = draws.sample(bias.BODY_WORDS[person.body], 2)
    words += draws.sample(bias.GENDER_WORDS[person.gender], 1)
    words += draws.sample(bias.COMMON_WORDS, 2)
    return QA("keywords", KEYWORDS, ", ".join(words))
