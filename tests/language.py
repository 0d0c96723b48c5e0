"""``python -m tests.language``: the check that texts are plain standard English.

The check reads docstrings, comments and messages of the Python files, the features, the documentation and
the configuration. It reports docstrings that do not begin with a noun or a verb, words and constructions that
readers do not understand at first sight, and variables whose name does not say what they hold.
``docs/glossary.md`` has the terms to use instead.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SUFFIXES = {".py", ".feature", ".md", ".toml", ".proto", ".yml", ".yaml", ".sh", ".service", ""}

EXCLUDED = re.compile(
    r"_pb2(_grpc)?\.pyi?$|^tests/language\.py$|^tests/test_language\.py$|^requirements\.lock$|^LICENSE$"
    r"|^docs/(mutants|steps|traceability)\.md$|^\.(gitignore|gitattributes|editorconfig)$"
)
"""Files that are generated, are not texts of this project, or quote what is not allowed."""

EMPTY_NAMES = {"one", "given", "found", "kept", "made", "told"}
"""Names of variables that do not say what the variable holds."""

OPENINGS = (
    (
        r"(What|Who|Whoever|Whose|Whom|Whether|Which|Where|When|Why|How|Whatever|Wherever|Of|By|Those|These|That|"
        r"There|It|Be|Have|Let|Say|Tell|Someone|Someone's|Somebody|Something|Such|As|If|So|Because)\b",
        "begin with a noun phrase or an imperative verb",
    ),
    (r"(One|This|That|Each|Another|An?|The|Every) [\w-]+'s( own)?\.", "name what belongs to it"),
    (
        r"[A-Z][a-z]+s (the|a|an|what|its|each|every|all|no|whether) ",
        "use the imperative or a noun phrase",
    ),
    (r"\S+(\s\S+)?\.?$", "write a whole sentence"),
)
"""Patterns with which no docstring may begin, and the advice for each."""

PHRASES = (
    (r"anew", "again"),
    (r"who(so)?ever", "clients that, callers that"),
    (r"beside(?!s)", "next to, in addition to, at the same time as"),
    (r"(bear|bears|borne)", "carry, have"),
    (r"for want of", "without, for lack of"),
    (r"be it", "whether, either"),
    (r"(?<!there )(is|are|was|were) no(?= (?!longer|more)\w)", "is not a"),
    (r"(is|are|was) (not|no) good( for)?", "name the reason"),
    (r"tells?", "report, say, notify, send"),
    (r"told", "reported, notified, sent"),
    (r"sp(eak|eaks|eaking|oken|oke)", "call, connect, use"),
    (r"signs? of life", "liveness record, ping"),
    (r"hunger", "memory"),
    (r"the accused", "the system under test"),
    (r"sees? the same weather", "the same machine load"),
    (r"for good", "permanently"),
    (r"(there|here)(of|in|upon)", "name the thing"),
    (r"midst", "middle"),
    (r"yet to come", "beyond the latest"),
    (r"way there and back", "round trip"),
    (r"(?<!stands )(?<!stand )(?<!reads )alone", "only, by itself"),
    (r"rid of", "without, free of"),
    (r"belongs? into", "belongs in"),
    (r"of late|lately", "recently"),
    (r"learnt", "learned, received"),
    (r"is so", "is true, holds"),
    (r"where names meet", "on name clashes"),
    (r"what is (told|said) of whom", "name it"),
    (r"lest|ere|thus|hence|whence|whilst|amidst|upon", "a plainer word"),
    (r"a clear word", "a clear status"),
    (r"by the way|so to speak", "leave it out"),
)
"""Words and constructions that are not allowed in any text, and replacements for each."""

VERBS = re.compile(
    r"\b(?:accepts?|adds?|admits?|agrees?|allows?|answers?|appl(?:y|ies)|are|arrives?|asks?|becomes?"
    r"|begins?|belongs?|blocks?|calls?|can|cancels?|cannot|carr(?:y|ies)|causes?|changes?|chooses?|closes?"
    r"|comes?|connects?|contains?|continues?|counts?|covers?|delays?|depends?|describes?|did|differs?|do"
    r"|does|drops?|ends?|excludes?|exists?|expires?|fails?|finds?|fits?|follows?|gets?|gives?|goes|had|has"
    r"|have|holds?|includes?|is|joins?|keeps?|leaves?|limits?|lists?|locks?|logs?|makes?|match(?:es)?|may"
    r"|means?|moves?|must|names?|needs?|never|notices?|offers?|opens?|owns?|pass(?:es)?|permits?|prints?"
    r"|produces?|reach(?:es)?|reads?|receives?|records?|refuses?|registers?|rejects?|releases?|remains?"
    r"|removes?|replaces?|reports?|requires?|restarts?|restores?|resumes?|retains?|returns?|reveals?"
    r"|round-trips?|runs?|says?|sees?|selects?|sends?|serves?|sets?|shares?|shuts?|starts?|stays?|stops?"
    r"|stores?|streams?|succeeds?|survives?|takes?|takes? over|took|trusts?|tr(?:y|ies)|uses?|waits?|was"
    r"|watch(?:es)?|were|widened|works?|writes?)\b"
)
"""The verbs of which the name of every scenario has at least one, so that it says what happens."""

_OPENINGS = [(re.compile(pattern), advice) for pattern, advice in OPENINGS]
_PHRASES = [(re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.I), advice) for pattern, advice in PHRASES]


def faults(path: str, text: str) -> Iterator[str]:
    """Yield the faults in the texts of a file, each as one line that begins with its place."""
    if path.endswith(".py"):
        tree = ast.parse(text)
        yield from _docstring_faults(path, tree)
        yield from _name_faults(path, tree)
        for line, words in _texts(tree, text):
            yield from _phrase_faults(path, line, words)
    else:
        if path.endswith(".feature"):
            yield from _scenario_faults(path, text)
        for line, words in enumerate(text.splitlines(), 1):
            yield from _phrase_faults(path, line, words)


def _scenario_faults(path: str, text: str) -> Iterator[str]:
    """Yield the names of scenarios that cannot be understood in a list, without their Rule."""
    for line, words in enumerate(text.splitlines(), 1):
        match = re.match(r"\s*(?:Example|Scenario Outline|Scenario): (.+)", words)
        if match is None:
            continue
        name = re.sub(r"<[^>]*>", "", match[1]).lower()
        if len(name.split()) < 3 or not VERBS.search(name):
            yield f"{path}:{line}: the name {match[1]!r} has no verb of VERBS: say what happens"
        elif name.split()[0] in {"it", "its", "they", "and", "then", "also", "but"}:
            yield f"{path}:{line}: the name {match[1]!r} cannot be understood without its Rule"


def _docstring_faults(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        for line, docstring in _docstrings(node):
            opening = " ".join(docstring.split("\n\n")[0].split())
            for pattern, advice in _OPENINGS:
                if pattern.match(opening):
                    yield f"{path}:{line}: the docstring {_cut(opening)!r}: {advice}"
                    break
            else:
                if not re.search(r"[.:?!)`]$", opening):
                    yield f"{path}:{line}: the docstring {_cut(opening)!r}: end the sentence with a period"


def _docstrings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the docstring of a node, and those below the assignments in its body, with their lines."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    for place, statement in enumerate(body):
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            continue
        if not isinstance(statement.value.value, str):
            continue
        if (place == 0 and documented) or isinstance(body[place - 1], ast.Assign | ast.AnnAssign):
            yield statement.lineno, statement.value.value


def _name_faults(path: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name, line = node.id, node.lineno
        elif isinstance(node, ast.arg):
            name, line = node.arg, node.lineno
        else:
            continue
        if name in EMPTY_NAMES:
            yield f"{path}:{line}: the variable {name!r} is not named for what it holds"


def _texts(tree: ast.AST, source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments and the strings of a Python file with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for offset, line in enumerate(node.value.split("\n")):
                yield node.lineno + offset, line


def _phrase_faults(path: str, line: int, words: str) -> Iterator[str]:
    for pattern, advice in _PHRASES:
        if match := pattern.search(words):
            yield f"{path}:{line}: {match[0].strip()!r} in {_cut(words.strip())!r}; instead: {advice}"


def _cut(words: str) -> str:
    return words if len(words) <= 70 else words[:70] + " …"


def main(prefixes: list[str]) -> int:
    """Print the faults of the files whose paths begin with one of the prefixes; return 1 if there are any."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    count = 0
    for path in sorted(listed):
        if EXCLUDED.search(path) or Path(path).suffix not in SUFFIXES or not (ROOT / path).is_file():
            continue
        if prefixes and not path.startswith(tuple(prefixes)):
            continue
        for fault in faults(path, (ROOT / path).read_text("utf-8")):
            print(fault)
            count += 1
    print(f"{count} faults in the language of the project")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
