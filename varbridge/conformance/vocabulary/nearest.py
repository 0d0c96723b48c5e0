"""The explanation of a text that no phrase defines: what is wrong in it, or the most similar phrases."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from varbridge.conformance.vocabulary.expressions import Definitions
from varbridge.conformance.vocabulary.literals import QUOTED
from varbridge.conformance.vocabulary.parameter_types import TYPES

SHOWN = 3
"""The maximum number of similar phrases."""

_TOKEN = re.compile(
    r"\{(?P<parameter>\w+)\}|\((?P<optional>[^)]*)\)|(?P<choice>[^\s{}()/]+(?:/[^\s{}()/]+)+)|."
)
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})
_VALUES = re.compile(rf"{QUOTED}|\b\d[\d.,]*\b")
_CUCUMBER = {"int": (r"-?\d+", "`3`"), "word": (r"[^\s]+", "`word`"), "float": (r"-?\d*\.?\d+", "`0.5`")}
_SIMILAR = 0.6


class Explanation(NamedTuple):
    """An explanation of a text that no phrase defines.

    Attributes:
        sentences: the sentences about what is wrong, and about what would be right.
        in_words: True if no phrase has these words, whatever the values in the text are.
    """

    sentences: str
    in_words: bool


@dataclass(frozen=True)
class Phrase:
    """A phrase, as the pattern of a step definition writes it."""

    pattern: str

    @cached_property
    def parameters(self) -> list[str]:
        """The names of the parameter types, in order."""
        return re.findall(r"\{(\w+)\}", self.pattern)

    @cached_property
    def lenient(self) -> re.Pattern[str]:
        """The regular expression of the phrase with any text for each parameter that must not be empty."""
        return re.compile(
            self._written(
                parameter=lambda name: f"({_expression(name)})" if _may_be_empty(name) else "(.+?)",
                optional=lambda text: f"(?:{re.escape(text)})?",
                choice=lambda words: f"(?:{'|'.join(map(re.escape, words))})",
                other=re.escape,
            )
        )

    @cached_property
    def example(self) -> str:
        """The phrase with a value for each parameter."""
        return self._written(
            parameter=_sample, optional=lambda _: "", choice=lambda words: words[0], other=lambda text: text
        )

    @cached_property
    def outline(self) -> str:
        """The words of the phrase, with the same sign in place of each parameter."""
        return self._written(
            parameter=lambda name: "" if _may_be_empty(name) else "§",
            optional=lambda _: "",
            choice=lambda words: words[0],
            other=lambda text: text.lower(),
        )

    def wrong_parameters(self, text: str) -> list[tuple[str, str]] | None:
        """Return the invalid parts of a text with their parameter types; None if other words differ."""
        match = self.lenient.fullmatch(text)
        if match is None or len(self.outline.replace("§", "").split()) < 2:
            return None
        return [
            (name, part)
            for name, part in zip(self.parameters, match.groups(), strict=True)
            if re.fullmatch(_expression(name), part) is None
        ]

    def _written(
        self,
        *,
        parameter: Callable[[str], str],
        optional: Callable[[str], str],
        choice: Callable[[list[str]], str],
        other: Callable[[str], str],
    ) -> str:
        parts = []
        for match in _TOKEN.finditer(self.pattern):
            if match["parameter"] is not None:
                parts.append(parameter(match["parameter"]))
            elif match["optional"] is not None:
                parts.append(optional(match["optional"]))
            elif match["choice"] is not None:
                parts.append(choice(match["choice"].split("/")))
            else:
                parts.append(other(match[0]))
        return "".join(parts)


def explain(text: str, step_type: str, registry: Any) -> Explanation:
    """Return what is wrong in a text that is not a step of this type."""
    keyword = step_type.capitalize()
    straight = text.translate(_STRAIGHT)
    if straight != text and _defined(straight, step_type, registry):
        sentence = f"{text!r} has typographic quotes; write straight ones: {keyword} {straight}"
        return Explanation(sentence, in_words=False)
    for other in ("given", "when", "then"):
        if other != step_type and _defined(text, other, registry):
            sentence = f"no step is defined for {keyword} {text!r}: it is a phrase for {other.capitalize()}"
            return Explanation(sentence, in_words=True)
    phrases = [*map(Phrase, sorted({step.pattern for step in _definitions(step_type, registry)}))]
    wrong = [(parts, phrase) for phrase in phrases if (parts := phrase.wrong_parameters(straight))]
    if wrong:
        parts, phrase = min(wrong, key=lambda pair: (len(pair[0]), -len(pair[1].outline)))
        texts = [f"{part!r} is not a {{{name}}}, such as {_examples(name)}" for name, part in parts]
        if "," in parts[-1][1]:
            texts += [f"{{{name}}} is {_examples(name)}" for name in phrase.parameters if _may_be_empty(name)]
        sentence = f"no step is defined for {keyword} {text!r}: in {phrase.pattern!r}, {'; '.join(texts)}"
        return Explanation(sentence, in_words=False)
    outline = _VALUES.sub("§", straight).lower()
    ratios = {
        phrase: difflib.SequenceMatcher(None, outline, phrase.outline, autojunk=False).ratio()
        for phrase in phrases
    }
    similar = sorted((phrase for phrase in phrases if ratios[phrase] >= _SIMILAR), key=ratios.__getitem__)
    shown = "; ".join(f"{phrase.pattern} (as in: {phrase.example})" for phrase in similar[: -SHOWN - 1 : -1])
    words = shown or "none"
    return Explanation(
        f"no step is defined for {keyword} {text!r}. The most similar: {words}."
        " behave --steps-catalog lists all",
        in_words=True,
    )


def _definitions(step_type: str, registry: Any) -> Iterator[Any]:
    yield from registry.steps[step_type]
    yield from registry.steps["step"]


def _defined(text: str, step_type: str, registry: Any) -> bool:
    return Definitions.of(registry).find(step_type, text) is not None


def _expression(name: str) -> str:
    return TYPES[name].expression if name in TYPES else _CUCUMBER[name][0]


def _examples(name: str) -> str:
    return TYPES[name].example if name in TYPES else _CUCUMBER[name][1]


def _may_be_empty(name: str) -> bool:
    return re.fullmatch(_expression(name), "") is not None


def _sample(name: str) -> str:
    if _may_be_empty(name):
        return ""
    code = re.search(r"``(.+?)``|`(.+?)`", _examples(name))
    return (code[1] or code[2]).strip() if code else "…"
