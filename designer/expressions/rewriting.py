"""Writes expressions anew, with calls of functions of this package where the library has something otherwise.

PURE. `a * 2 + b <= c` becomes `_compare_("<=", _calculate_("+", _calculate_("*", a, 2), b), c)`: a chain of
operators of one rank is one call, so that calls are nested at most four times as deep as brackets were.
Loops become calls of functions that one evaluation provides, and other functions get the names of their
stand-ins, since the library's own cannot be replaced. A comparison with a text or a small number as it is
written stays, as the library is exact there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from designer.expressions.scanner import OPENING, OPERATORS, LoopText, Token

CALCULATE, COMPARE, NEGATE = "_calculate_", "_compare_", "_negate_"
ALTERNATIVES = frozenset({",", "?", ":", "||", "&&"})
RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
SUMS = frozenset({"+", "-"})
PRODUCTS = frozenset({"*", "/", "%"})
WORDS = frozenset({"true", "false", "null"})
EXACT_BELOW = 2**53
"""The library compares numbers as `double`, which has every whole number up to here."""


def loop_name(number: int) -> str:
    """The name of the function that stands for a loop."""
    return f"_loop{number}_"


def rewritten(
    tokens: Sequence[Token], loops: Sequence[LoopText], stand_ins: Mapping[str, str], types: Collection[str]
) -> str:
    """The source for the library: the tokens with a space between two of them, where nothing is otherwise."""
    levels: list[list[Token]] = [[]]
    for token in _with_calls(tokens, loops, stand_ins):
        if token.text in OPENING:
            levels.append([token])
        elif token.text in ")]}":
            opening, *inner = levels.pop()
            text = " ".join(filter(None, (opening.text, _level(inner, types), token.text)))
            levels[-1].append(Token("group", text, opening.start))
        else:
            levels[-1].append(token)
    return _level(levels[0], types)


def _with_calls(
    tokens: Sequence[Token], loops: Sequence[LoopText], stand_ins: Mapping[str, str]
) -> Iterator[Token]:
    """The tokens with the names of functions here, and with one token for each loop."""
    ahead = list(enumerate(loops))
    for place, token in enumerate(tokens):
        if ahead and token.start >= ahead[0][1].end:
            ahead.pop(0)
        if ahead and token.start >= ahead[0][1].start:
            if token.start == ahead[0][1].start:
                yield Token("group", f". {loop_name(ahead[0][0])} ( )", token.start)
        elif token.text in stand_ins and tokens[place + 1 : place + 2] and tokens[place + 1].text == "(":
            yield token._replace(text=stand_ins[token.text])
        else:
            yield token


def _level(tokens: Sequence[Token], types: Collection[str]) -> str:
    """What stands between two brackets, or the whole."""
    parts, signs = _split(tokens, ALTERNATIVES)
    return _joined([_relation(part, types) for part in parts], signs)


def _joined(texts: Sequence[str], signs: Sequence[str]) -> str:
    words = [word for pair in zip(texts, [*signs, ""], strict=True) for word in pair]
    return " ".join(filter(None, words))


def _relation(tokens: Sequence[Token], types: Collection[str]) -> str:
    parts, signs = _split(tokens, RELATIONS)
    texts = [_sum(part) for part in parts]
    has_exact = any(_is_exact(part, types) for part in (parts[:1] if signs == ["in"] else parts))
    return _joined(texts, signs) if len(signs) == 1 and has_exact else _chain(COMPARE, texts, signs)


def _sum(tokens: Sequence[Token]) -> str:
    parts, signs = _split(tokens, SUMS)
    return _chain(CALCULATE, [_product(part) for part in parts], signs)


def _product(tokens: Sequence[Token]) -> str:
    parts, signs = _split(tokens, PRODUCTS)
    return _chain(CALCULATE, [_signed(part) for part in parts], signs)


def _signed(tokens: Sequence[Token]) -> str:
    """An operand with the minus signs before it; that of a number belongs to it."""
    minuses = next((at for at, token in enumerate(tokens) if token.text != "-"), 0)
    text = " ".join(token.text for token in tokens)
    if not minuses or (minuses == 1 and tokens[1].kind == "number"):
        return text
    return f"{NEGATE} ( {minuses} , {' '.join(token.text for token in tokens[minuses:])} )"


def _chain(function: str, texts: Sequence[str], signs: Sequence[str]) -> str:
    if not signs:
        return texts[0]
    return f'{function} ( "{" ".join(signs)}" , {" , ".join(texts)} )'


def _split(tokens: Sequence[Token], signs: Collection[str]) -> tuple[list[list[Token]], list[str]]:
    """The parts between signs, and the signs. A minus without an operand before it is none of them."""
    parts: list[list[Token]] = [[]]
    found: list[str] = []
    for token in tokens:
        last = parts[-1][-1] if parts[-1] else Token("sign", "-", 0)
        is_sign = token.kind == "sign" or (token.text == "in" and last.text != ".")
        is_binary = last.kind != "sign" or last.text not in OPERATORS
        if is_sign and token.text in signs and (is_binary or signs is ALTERNATIVES):
            found.append(token.text)
            parts.append([])
        else:
            parts[-1].append(token)
    return parts, found


def _is_exact(tokens: Sequence[Token], types: Collection[str]) -> bool:
    """Whether this is a text, a small number, the name of a type, true, false or null as it is written."""
    *signs, last = tokens or [Token("", "", 0)]
    if last.kind == "number" and [sign.text for sign in signs] in ([], ["-"]):
        number = last.text.rstrip("uU")
        return abs(int(number, 16) if number[:2] in ("0x", "0X") else float(number)) < EXACT_BELOW
    is_text = last.kind == "string" and last.text[:1] in "\"'"
    return not signs and (is_text or (last.kind == "name" and last.text in {*WORDS, *types}))
