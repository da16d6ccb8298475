"""Scanner of CEL expressions: tokens, size limits, names that are read, loops. PURE.

The library's parser recurses and keeps all of its tree. So an expression is cut into tokens first and refused
if its length, nesting, or number of operators or names passes a limit. Tokens follow the lexis of the
language definition (github.com/google/cel-spec, doc/langdef.md); whether they make up an expression is the
parser's business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from designer.errors import ExpressionError

LENGTH_MAX = 2_000
NESTING_MAX = 32
OPERATORS_MAX = 200
NAMES_MAX = 200

LOOPS = frozenset({"map", "filter", "all", "exists", "exists_one"})
OPENING = {"(": ")", "[": "]", "{": "}"}
OPERATORS = frozenset({"&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", "in"})

_TOKEN = re.compile(
    r"""
    (?P<space> \s+ | //[^\n]* )
  | (?P<string> (?: [bB]?[rR] | [rR][bB] ) (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
              | [bB]? (?: \"{3}(?:[^\\]|\\.)*?\"{3} | '{3}(?:[^\\]|\\.)*?'{3}
                        | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' ) )
  | (?P<number> 0[xX][0-9a-fA-F]+[uU]? | (?: \d+ (?:\.\d+)? | \.\d+ ) (?:[eE][+-]?\d+)? [uU]? )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<sign> && | \|\| | == | != | <= | >= | [-+*/%<>!?:.,()\[\]{}] )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class LoopText:
    """Where a loop stands: `target.kind(variable, body)`, or `target.map(variable, condition, body)`.

    `start` is the dot, `end` is behind the closing bracket; `body` and `condition` are (start, end).
    """

    kind: str
    variable: str
    body: tuple[int, int]
    start: int
    end: int
    condition: tuple[int, int] | None = None


def scan(source: str) -> list[Token]:
    """Returns the tokens of an expression.

    Raises ExpressionError if it passes a limit or holds text that is no token.
    """
    if not source.strip():
        raise ExpressionError("the expression is empty")
    if len(source) > LENGTH_MAX:
        raise ExpressionError(f"an expression may take {LENGTH_MAX} characters, this one has {len(source)}")
    tokens = list(_tokens(source))
    operators = sum(token.text in OPERATORS for token in tokens)
    if operators > OPERATORS_MAX:
        raise ExpressionError(f"an expression may have {OPERATORS_MAX} operators, this one has {operators}")
    names = sum(token.kind == "name" for token in tokens)
    if names > NAMES_MAX:
        raise ExpressionError(f"an expression may have {NAMES_MAX} names, this one has {names}")
    _check_nesting(tokens)
    return tokens


def loops(tokens: Sequence[Token]) -> Iterator[LoopText]:
    """Yields the outermost loops of an expression, in order."""
    at = 0
    while at < len(tokens):
        match = _loop_at(tokens, at)
        if match is None:
            at += 1
            continue
        loop, at = match
        yield loop


def calls(tokens: Sequence[Token]) -> Iterator[tuple[str, list[str | None]]]:
    """Yields the name of each function that is called, with a place for each value that it is given.

    A place holds the value of a plain text that stands there, else None.
    """
    for at, token in enumerate(tokens[:-1]):
        if token.kind == "name" and tokens[at + 1].text == "(":
            commas, close = _arguments(tokens, at + 1)
            bounds = [at + 1, *commas, close] if close > at + 2 else []
            given = [
                literal_of(tokens[left + 1]) if right == left + 2 else None
                for left, right in zip(bounds, bounds[1:], strict=False)
            ]
            yield token.text, [None, *given] if at and tokens[at - 1].text == "." else given


def literal_of(token: Token) -> str | None:
    """The value of a text that is written without prefix, escapes and line breaks; None for anything else."""
    is_plain = token.kind == "string" and token.text[0] in "\"'" and "\\" not in token.text
    return token.text[1:-1] if is_plain and token.text[:3] not in ('"""', "'''") else None


def keys_used(tokens: Sequence[Token]) -> dict[str, frozenset[str] | None]:
    """Returns the first-level keys that are read of each name: `context.a.b` gives `{"context": {"a"}}`.

    None means that the whole value may be needed, as in `size(context)` or `context[key]`.
    """
    used: dict[str, frozenset[str] | None] = {}
    for name, key in reads(tokens):
        known = used.setdefault(name, frozenset())
        used[name] = None if key is None or known is None else known | {key}
    return used


def reads(tokens: Sequence[Token]) -> Counter[tuple[str, str | None]]:
    """Counts the places that read a name, by its first-level key; None: the whole value may be needed."""
    return Counter(
        (token.text, _key_after(tokens, at))
        for at, token in enumerate(tokens)
        if token.kind == "name" and not (at and tokens[at - 1].text == ".")
    )


def output_keys_needed(tokens: Sequence[Token], step: str) -> set[str]:
    """Returns paths such as `output.key` and `steps.<step>.key` that are read and not asked for by `has`."""
    read: set[str] = set()
    asked: set[str] = set()
    for at, token in enumerate(tokens):
        if token.kind != "name" or (at and tokens[at - 1].text == "."):
            continue
        path = [token.text, *_path_after(tokens, at)]
        own = path[:2] if path[0] == "output" else path[:3] if path[:2] == ["steps", step] else []
        if len(own) > (1 if own[:1] == ["output"] else 2):
            is_asked = [before.text for before in tokens[max(0, at - 2) : at]] == ["has", "("]
            (asked if is_asked else read).add(".".join(own))
    return read - asked


def _path_after(tokens: Sequence[Token], at: int) -> Iterator[str]:
    """The keys that are read one below the other of the name at `at`."""
    key = _key_after(tokens, at)
    while key is not None:
        yield key
        at += 2 if tokens[at + 1].text == "." else 3
        key = _key_after(tokens, at)


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise ExpressionError(_unreadable(source, position))
        position = match.end()
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match.group(), match.start())


def _check_nesting(tokens: Sequence[Token]) -> None:
    expected: list[str] = []
    for token in tokens:
        if token.text in OPENING:
            expected.append(OPENING[token.text])
            if len(expected) > NESTING_MAX:
                raise ExpressionError(f"brackets may be nested {NESTING_MAX} deep")
        elif token.text in ")]}" and (not expected or expected.pop() != token.text):
            raise ExpressionError(f"there is a `{token.text}` too many at character {token.start + 1}")
    if expected:
        raise ExpressionError(f"a `{expected[-1]}` is missing at the end")


def _unreadable(source: str, position: int) -> str:
    """Why no token begins at a position, and what was meant most likely."""
    sign, place = source[position], f"at character {position + 1}"
    if sign in "\"'":
        return f"the text that begins {place} has no end: close it with {sign}"
    meant = {
        "=": "==",
        "&": "&&",
        "|": "||",
        "≠": "!=",
        "≤": "<=",
        "≥": ">=",
        "“": '"',
        "”": '"',
        "’": "'",
    }.get(sign)
    return f"write `{meant}` for the `{sign}` {place}" if meant else f"`{sign}` {place} has no meaning"


def _key_after(tokens: Sequence[Token], at: int) -> str | None:
    """The key that is read of the name at `at`: `.key` (but no call), or `["key"]`."""
    following = [token.text for token in tokens[at + 1 : at + 4]] + ["", "", ""]
    if following[0] == "." and following[2] != "(" and at + 2 < len(tokens):
        return following[1]
    if following[0] == "[" and following[2] == "]":
        return literal_of(tokens[at + 2])
    return None


def _loop_at(tokens: Sequence[Token], at: int) -> tuple[LoopText, int] | None:
    """The loop whose dot is token `at`, and the index of the token behind it. Any other call gives None."""
    if [token.text for token in tokens[at : at + 3]][::2] != [".", "("] or tokens[at + 1].text not in LOOPS:
        return None
    commas, close = _arguments(tokens, at + 2)
    if len(commas) not in (1, 2) or commas[0] != at + 4 or tokens[at + 3].kind != "name":
        return None
    kind = tokens[at + 1].text
    if len(commas) == 2 and kind != "map":
        return None
    bounds = [*commas, close]
    parts = [(tokens[left].end, tokens[right].start) for left, right in zip(bounds, bounds[1:], strict=False)]
    condition = parts[0] if len(parts) == 2 else None
    loop = LoopText(kind, tokens[at + 3].text, parts[-1], tokens[at].start, tokens[close].end, condition)
    return loop, close + 1


def _arguments(tokens: Sequence[Token], opening: int) -> tuple[list[int], int]:
    """Indexes of the commas between a call's arguments, and of its closing bracket."""
    depth = 0
    commas: list[int] = []
    for at in range(opening, len(tokens)):
        text = tokens[at].text
        if text in OPENING:
            depth += 1
        elif text in ")]}":
            depth -= 1
            if not depth:
                return commas, at
        elif text == "," and depth == 1:
            commas.append(at)
    raise ExpressionError("')' is missing at the end")
