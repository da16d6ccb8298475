"""Errors that differ only in ids, numbers, times and addresses have one cause."""

from __future__ import annotations

import pytest

from runs.machine.limits import CAUSE_LENGTH_MAX
from runs.store.interventions import cause_key, cause_of

SAME = [
    ["Card 4711 declined", "Card 12 declined", "Card 0 declined"],
    ["amount 12.50 exceeds 10", "amount 7 exceeds -1,000.5", "amount +3 exceeds 10"],
    ["no payment 3f2b8c1e-1f60-4a3e-9d3c-0d6a2f1f6d11", "no payment 6F0C9C1E1F604A3E9D3C0D6A2F1F6D11"],
    ["no payment pay_83fk2l01", "no payment pay_99aa11bb"],
    ["order ord-17 is gone", "order ord-9001 is gone"],
    ["GET https://pay.example.org/v1/9?x=1 timed out", "GET http://10.0.0.3:8080/v1/7 timed out"],
    ["mail to ada@example.com bounced", "mail to bob.b+x@mail.example.co.uk bounced"],
    ["since 2026-11-23T08:49:19.123Z", "since 2025-01-02 03:04:05+00:00", "since 2025-01-02"],
    ["connect to 10.1.2.3:5432 refused", "connect to 127.0.0.1 refused"],
    ["at 0xdeadbeef", "at 0x1f"],
    ["missing items 1, 2, 3", "missing items 4", "missing items 5,6"],
    ["two  spaces\nand a line", "two spaces and a  line"],
]
DIFFERENT = [
    ("Card declined", "Card expired"),
    ("no stock", "no stock in the north"),
    ("KeyError: 'amount'", "KeyError: 'customer'"),
    ("HTTP/2 is off", "HTTPS is off"),
]


@pytest.mark.parametrize("messages", SAME, ids=lambda messages: messages[0])
def test_what_differs_from_case_to_case_is_left_out(messages: list[str]) -> None:
    assert len({cause_of({"code": "failed", "message": message}) for message in messages}) == 1


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_words_are_different_causes(one: str, other: str) -> None:
    assert cause_of({"message": one}) != cause_of({"message": other})


def test_a_cause_reads_like_its_error() -> None:
    error = {"code": "failed", "message": "Refund of 12.50 for pay_83fk2l01 was refused"}
    assert cause_of(error) == "failed: Refund of <number> for <id> was refused"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({}, ""),
        ({"code": "timeout"}, "timeout"),
        ({"message": "broken"}, "broken"),
        ({"type": "KeyError", "message": "'a'"}, "KeyError: 'a'"),
        ({"code": "failed", "message": None}, "failed"),
        ({"code": "x", "message": "plain words only"}, "x: plain words only"),
    ],
)
def test_missing_parts_are_left_out(error: dict[str, str], cause: str) -> None:
    assert cause_of(error) == cause


def test_a_cause_of_a_cause_stays_the_same() -> None:
    for messages in SAME:
        once = cause_of({"message": messages[0]})
        assert cause_of({"message": once}) == once


def test_long_and_hostile_messages_are_bounded() -> None:
    for message in ("x" * 100_000, "a-" * 50_000, "1," * 50_000, "a@" * 50_000, "<id> " * 20_000):
        assert len(cause_of({"code": "c" * 400, "message": message})) <= CAUSE_LENGTH_MAX


def test_keys_tell_kinds_and_causes_apart() -> None:
    keys = {cause_key(kind, cause) for kind in ("step_failed", "compensation_failed") for cause in ("a", "b")}
    assert len(keys) == 4
    assert all(len(key) == 16 for key in keys)
