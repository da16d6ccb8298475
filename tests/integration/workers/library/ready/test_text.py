"""`render_text`: what templates may do, what they may not, and how much of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workers import CriticalFailure
from workers.library.text.rendering import _renderer, rendered
from workers.library.text.workers import render_text
from workers.testing import call, outcome_of

ORDER = {"customer": {"name": "Ann & Bo"}, "items": [{"sku": "TEA", "n": 2}, {"sku": "MUG", "n": 1}]}
LETTER = """Dear {{ customer.name }},
{% for item in items %}
- {{ item.n }} × {{ item.sku }}
{% endfor %}
{{ items | map(attribute="n") | sum }} in all
"""


def text_of(template: str, **values: Any) -> str:
    return rendered(template, values)


def refusal(template: str, **values: Any) -> tuple[str, str]:
    with pytest.raises(CriticalFailure) as refused:
        rendered(template, values)
    return refused.value.code, str(refused.value)


def test_a_text_is_made_from_the_context() -> None:
    output = call(render_text, ORDER, params={"template": LETTER})
    assert output == {"text": "Dear Ann & Bo,\n- 2 × TEA\n- 1 × MUG\n3 in all\n"}


def test_values_take_the_place_of_the_context() -> None:
    params = {"template": "{{ a }}", "values": {"a": 1}}
    assert call(render_text, {"a": 2}, params=params) == {"text": "1"}


def test_html_escapes_values_and_text_does_not() -> None:
    params = {"template": "<b>{{ customer.name }}</b>", "format": "html"}
    assert call(render_text, ORDER, params=params)["text"] == "<b>Ann &amp; Bo</b>"
    assert text_of("<b>{{ name }}</b>", name="<i>") == "<b><i></b>"


def test_a_text_without_anything_in_it_stays_as_it_is() -> None:
    assert text_of("50 % off\n\n", a=1) == "50 % off\n\n"


def test_a_missing_value_names_line_and_value() -> None:
    code, message = refusal("Dear {{ customer }},\nyour {{ oder }}", customer="Ann", order=1)
    assert code == "missing_value"
    assert message == "template, line 2: 'oder' is undefined; did you mean 'order'?"
    code, message = refusal("{{ customer.nam }}", customer={"name": "Ann"})
    assert code == "missing_value" and "line 1" in message and "nam" in message


@pytest.mark.parametrize(
    ("template", "line", "says"),
    [
        ("a\n{% if %}", 2, "Expected an expression"),
        ("{% for a in b %}", 1, "endfor"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("{{ ''.__class__.__mro__ }}", 1, "unsafe"),
        ("a\n\n{{ items.append(1) }}", 3, "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", 1, "unsafe"),
        ("{% include 'a' %}", 1, ""),
        ("{{ range(1000000000) | list }}", 1, "Range too big"),
    ],
)
def test_a_bad_template_names_the_line(template: str, line: int, says: str) -> None:
    code, message = refusal(template, items=[], b=[])
    assert code == "bad_template"
    assert message.startswith(f"template, line {line}: ") and says in message


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ 'x' * 3000000000 }}",
        "{{ 'x'.center(3000000000) }}",
        "{% set n = namespace(x='x') %}{% for i in range(50) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    ],
)
def test_what_takes_too_much_is_ended_and_the_next_template_goes_on(template: str) -> None:
    code, message = refusal(template)
    assert code == "too_costly" and ("too" in message)
    assert text_of("{{ a }}", a=1) == "1"


def test_a_text_that_is_no_output_any_more_is_refused(settings: Any) -> None:
    settings.OUTPUT_BYTES_MAX = 10_000
    code, message = refusal("a\n{% for i in range(2000) %}123456{% endfor %}")
    assert code == "too_large" and "10,000 characters" in message
    assert refusal("{{" + "x" * 200_000)[0] == "too_large"


def test_the_renderer_has_nothing_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for templates")
    _renderer.end()
    text_of("{{ a }}", a=1)
    assert _renderer._process is not None
    environment = Path(f"/proc/{_renderer._process.pid}/environ").read_bytes()
    assert b"SECRET" not in environment


def test_a_renderer_that_was_killed_is_replaced() -> None:
    text_of("{{ a }}", a=1)
    assert _renderer._process is not None
    _renderer._process.kill()
    _renderer._process.wait()
    assert text_of("{{ a }}", a=2) == "2"


def test_a_timeout_leaves_no_answer_behind_for_the_next_template() -> None:
    slow = {"template": "{% for a in range(99999) %}{% for b in range(99) %}{% endfor %}{% endfor %}{{ a }}"}
    assert outcome_of(render_text, {"a": 1}, params=slow, timeout=0.05).kind == "unknown"
    assert text_of("{{ a }}", a="mine") == "mine"
