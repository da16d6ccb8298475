"""Sentences that say what follows from an answer."""

from __future__ import annotations

from typing import Any

import pytest

from runs.interventions.wording import Subject, consequences
from runs.machine.preview import Preview
from runs.machine.states import RunStatus

UNDO = Subject("compensation_failed", "charge", "refund")
STEP = Subject("step_failed", "ship", "create_shipment")
DONE, FAILED = RunStatus.COMPENSATED, RunStatus.FAILED


@pytest.mark.parametrize(
    ("subject", "answer", "preview", "sentences"),
    [
        (
            UNDO,
            "retry",
            Preview(undo=("charge", "pack", "reserve"), ends=DONE),
            "refund is tried again for charge. Then 2 more undos follow: pack, reserve. "
            "The run ends with everything undone.",
        ),
        (
            UNDO,
            "resolve",
            Preview(undo=("reserve",), ends=DONE),
            "charge counts as undone. Then 1 more undo follows: reserve. "
            "The run ends with everything undone.",
        ),
        (
            UNDO,
            "abandon",
            Preview(remains=("charge",), ends=FAILED),
            "What charge did stays. No undo waits behind it. The run ends as failed.",
        ),
        (
            UNDO,
            "abandon",
            Preview(undo=("a", "b", "c", "d", "e"), still_open=1, ends=FAILED),
            "What charge did stays. Then 5 more undos follow: a, b, c and 2 more. "
            "1 other question about this run stays open.",
        ),
        (
            STEP,
            "retry",
            Preview(starts=("ship",)),
            "create_shipment is tried again for ship, with the context as you change it.",
        ),
        (
            STEP,
            "resolve",
            Preview(starts=("mail", "bill")),
            "ship counts as completed with the output that you enter. Next begin mail, bill.",
        ),
        (STEP, "skip", Preview(starts=("mail",)), "The run goes on without ship. Next begins mail."),
        (
            STEP,
            "skip",
            Preview(ends=RunStatus.COMPLETED),
            "The run goes on without ship. The run ends as completed.",
        ),
        (
            STEP,
            "compensate",
            Preview(undo=("b", "a"), remains=("mail",), ends=DONE),
            "ship is given up. 2 undos follow, in this order: b, a. "
            "What mail did cannot be undone and stays. The run ends with everything undone.",
        ),
        (STEP, "compensate", Preview(ends=FAILED), "ship is given up. The run ends as failed."),
    ],
)
def test_each_answer_says_what_follows(
    subject: Subject, answer: Any, preview: Preview, sentences: str
) -> None:
    assert consequences(subject, answer, preview) == sentences


def test_a_branch_that_depends_on_the_output_is_not_promised() -> None:
    sentences = consequences(STEP, "resolve", Preview(starts=("mail",)), depends=True)
    assert sentences.endswith("What begins then depends on your output.")
