"""The normal form of searched text: any part of a value is found, however its letters are written."""

from __future__ import annotations

import unicodedata
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runs.store.search_text import TEXT_LENGTH_MAX, normal_form, text_of

LETTERS = "abzABZäÖßéñåσςΣαΩйЁЖяאבعربीनमस東京都かなカ한국어กขԱա" + "0159 \t\r\n\"\\'%_{}[]:,;.-/€😀"
texts = st.text(LETTERS, min_size=1, max_size=40)


@given(texts, st.data())
def test_any_part_of_a_text_stands_in_its_normal_form(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    part = text[begin : data.draw(st.integers(begin + 1, len(text)))]
    stored = text_of({"key": [1, {"a": text}, None]})
    for typed in (part, part.upper(), part.lower(), unicodedata.normalize("NFD", part)):
        assert normal_form(typed) in stored
    assert normal_form(normal_form(text)) == normal_form(text)


@given(st.lists(texts, max_size=3), texts)
def test_keys_and_texts_of_all_depths_are_in_it(items: list[str], key: str) -> None:
    stored = text_of({key: [[{"inner": items}]]})
    assert all(normal_form(item) in stored for item in [key, *items])


def test_a_value_is_written_like_json_without_escapes() -> None:
    value: Any = {"A": 'say "Hi"\n', "n": [1, 2.5, True, None, {}, []], "x": {"y": "C:\\t"}}
    assert text_of(value) == '{"a":"say "hi" ","n":[1,2.5,true,null,{},[]],"x":{"y":"c:\\t"}}'


def test_only_the_beginning_is_kept_and_no_more_is_read() -> None:
    class Endless(list[int]):
        def __iter__(self):
            return iter(lambda: 7, 0)

    assert len(text_of({"a": Endless([1])})) == TEXT_LENGTH_MAX
    assert len(text_of({"a": "ß" * TEXT_LENGTH_MAX * 2})) == TEXT_LENGTH_MAX
