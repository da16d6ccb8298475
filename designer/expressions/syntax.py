"""What is wrong with the grammar of an expression, in words for people. PURE.

The library's parser names its own rules and tokens. So where it refuses an expression, the tokens are read
again by a small machine with two states: a value must come next, or an operator. The first token that cannot
stand where it stands is reported, with its character counted from 1. Only the library decides whether an
expression is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from designer.expressions.scanner import OPENING, OPERATORS, Token

_LIBRARY = re.compile(r"<input>:\d+:(\d+): (?:Syntax error: )?(.*)")
_RESERVED = re.compile(r"reserved identifier: (\w+)")
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "=="}
_BEFORE_VALUE = {"!", "-"}
_CLOSING = frozenset(OPENING.values())


def explain(tokens: Sequence[Token], refusal: str) -> str:
    """The message for tokens that the library has refused; `refusal` is what it said."""
    reserved = _RESERVED.search(refusal)
    if reserved:
        return f"`{reserved[1]}` is a word of the language and cannot be a name"
    stumbled = _stumble(tokens) or _unfinished_choice(tokens)
    if stumbled:
        return stumbled
    match = _LIBRARY.search(refusal)
    return f"this cannot be read from character {match[1]} on" if match else "this is not an expression"


def _stumble(tokens: Sequence[Token]) -> str | None:
    """What is wrong with the first token that cannot stand where it stands; None if all can."""
    needs_value = True
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else None
        if before is not None and before.text == ".":
            if token.kind != "name" or token.text == "in":
                return f"a name is missing after the `.` at character {before.start + 1}"
            continue
        if needs_value:
            problem, needs_value = _as_value(token, before)
        else:
            problem, needs_value = _as_operator(token, before)
        if problem:
            return problem
    return _at_end(tokens[-1], needs_value) if tokens else None


def _as_value(token: Token, before: Token | None) -> tuple[str | None, bool]:
    """The problem of a token where a value must come, and whether one must come after it as well."""
    text, at = token.text, f"at character {token.start + 1}"
    if token.kind in ("string", "number") or (token.kind == "name" and text != "in") or text == ".":
        return None, False
    if text in OPENING or text in _BEFORE_VALUE:
        return None, True
    if text in _CLOSING and before is not None and before.text in (*OPENING, ","):
        return None, False
    if before is None:
        return f"there is nothing before the `{text}` {at}", True
    if text in OPERATORS and before.text in OPERATORS:
        return f"there is a `{text}` too many {at}", True
    return f"something is missing between `{before.text}` and the `{text}` {at}", True


def _as_operator(token: Token, before: Token | None) -> tuple[str | None, bool]:
    """The same where a value stands before the token."""
    text, at = token.text, f"at character {token.start + 1}"
    if text == ".":
        return None, False
    if text in _CLOSING:
        return None, False
    if (text in OPERATORS and text != "!") or text in ("(", "[", "{", ",", ":"):
        return None, True
    for word in (token, before):
        if word is not None and word.kind == "name" and word.text in _WORDS:
            return f"write `{_WORDS[word.text]}` for `{word.text}` at character {word.start + 1}", False
    left = before.text if before else ""
    return f"an operator is missing between `{left}` and the `{text}` {at}", False


def _at_end(last: Token, needs_value: bool) -> str | None:
    if last.text == ".":
        return f"a name is missing after the `.` at character {last.start + 1}"
    return f"something is missing after the `{last.text}` at the end" if needs_value else None


def _unfinished_choice(tokens: Sequence[Token]) -> str | None:
    """A `?` needs a `:` with the other value."""
    asked = [token for token in tokens if token.text == "?"]
    if len(asked) > sum(token.text == ":" for token in tokens):
        return f"the `?` at character {asked[-1].start + 1} needs a `:` and what counts otherwise"
    return None
