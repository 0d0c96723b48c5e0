"""The files of features: their names, their encoding, and what behave's parser does not notice in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from behave.parser import ParserError
from behave.runner_util import FeatureScenarioLocationCollector2

from varbridge.conformance.paths import shown_path
from varbridge.conformance.run.mistakes import Mistake
from varbridge.conformance.run.parser import parse

SUFFIX = ".feature"
_DOC_STRINGS = ('"""', "```")


def feature_paths(folder: Path) -> list[Path]:
    """Return the files of features in a folder, without hidden ones, which editors and systems leave."""
    return sorted(path for path in folder.rglob(f"*{SUFFIX}") if not is_hidden(path))


def is_hidden(path: str | Path) -> bool:
    """Return True if the name of a file begins with a dot."""
    return Path(path).name.startswith(".")


class FeatureFiles:
    """The features that were read from files, and the mistakes in these files."""

    def __init__(self) -> None:
        self.features: list[Any] = []
        self.mistakes: list[Mistake] = []

    def read(self, path: str | Path, *, steps: bool = True) -> Any:
        """Return the feature in a file; None, with a mistake, if the file cannot be read as a feature.

        Args:
            path: the path of the file.
            steps: False if the steps of the feature are not needed.
        """
        feature = self._parse(Path(path), None, steps=steps)
        if feature is not None:
            self.features.append(feature)
        return feature

    def read_locations(self, locations: Iterable[Any], language: str | None) -> None:
        """Read the features at behave's locations, which may name lines; hidden files are ignored."""
        by_path: dict[str, list[Any]] = {}
        for location in locations:
            if not is_hidden(location.filename):
                by_path.setdefault(location.filename, []).append(location)
        for path, places in by_path.items():
            if (feature := self._parse(Path(path).absolute(), language)) is not None:
                collector = FeatureScenarioLocationCollector2(feature)
                for place in places:
                    collector.add_location(place)
                self.features.append(collector.build_feature())

    def _parse(self, path: Path, language: str | None, *, steps: bool = True) -> Any:
        shown = shown_path(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.mistakes.append(
                Mistake(
                    f"{shown}:{line}", f"the file is not in UTF-8 (byte {error.object[error.start]:#04x})"
                )
            )
            return None
        if not text.strip():
            self.mistakes.append(Mistake(shown, "the file is empty: write a Feature, or delete it"))
            return None
        open_rows = [*_open_rows(shown, text.splitlines())]
        self.mistakes.extend(open_rows)
        try:
            feature = parse(text, language, str(path), steps=steps)
        except ParserError as error:
            place = f"{shown}:{error.line}" if error.line else shown
            words = str(error).replace(f'Failed to parse "{path}": ', "").replace(f'"{path}"', "the file")
            self.mistakes.append(Mistake(place, " ".join(words.split())))
            return None
        if feature is None:
            self.mistakes.append(Mistake(shown, "the file has no Feature"))
        return None if open_rows else feature


def _open_rows(shown: str, lines: Sequence[str]) -> Iterator[Mistake]:
    """Yield a mistake for each row of a table whose last cell is not closed: behave would cut it off."""
    quotes = ""
    for number, line in enumerate(map(str.strip, lines), 1):
        if quotes or line.startswith(_DOC_STRINGS):
            if not quotes or line.startswith(quotes):
                quotes = "" if quotes else line[:3]
        elif line.startswith("|") and (not line.endswith("|") or line.endswith("\\|") or line == "|"):
            yield Mistake(f"{shown}:{number}", f"the row {line!r} does not end with |")
