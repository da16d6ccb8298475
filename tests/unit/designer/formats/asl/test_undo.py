"""Catches that release what was taken: proposed as undo slots, and written as such when they are accepted."""

from __future__ import annotations

from typing import Any

from tests.unit.designer.formats.asl.helpers import chain, edges_of, entry_of, imported, step_of, task


def catch(target: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": target}]


SAGA = chain(
    BookHotel=task(Resource="${BookHotelFunction}", ResultPath="$.hotel"),
    BookFlight=task(Resource="${BookFlightFunction}", ResultPath="$.flight", Catch=catch("CancelHotel")),
    Charge=task(
        Resource="${ChargeFunction}", ResultPath="$.charge", Catch=catch("CancelFlight"), Next="Done"
    ),
    CancelFlight=task(Resource="${CancelFlightFunction}", ResultPath=None, Next="CancelHotel"),
    CancelHotel=task(
        Resource="${CancelHotelFunction}", Parameters={"id.$": "$.hotel.id"}, ResultPath=None, Next="Failed"
    ),
    Failed={"Type": "Fail", "Error": "TripFailed"},
    Done={"Type": "Succeed"},
)


def test_a_chain_of_catches_is_proposed_and_stays_as_it_is() -> None:
    draft, report = imported(SAGA)
    assert [(each.step, each.worker) for each in report.proposals] == [
        ("book_hotel", "cancel_hotel"),
        ("book_flight", "cancel_flight"),
    ]
    assert not any("compensation" in step for step in draft["steps"])
    assert ("book_flight_caught", "cancel_hotel", "") in edges_of(draft)
    assert "undo proposed: cancel_hotel undoes book_hotel" in report.as_text()


def test_what_is_accepted_is_an_undo_slot_and_no_catch() -> None:
    draft, report = imported(SAGA, accepts_undo=True)
    assert [step["name"] for step in draft["steps"]] == ["book_hotel", "book_flight", "charge"]
    assert step_of(draft, "book_hotel")["compensation"] == {
        "worker": "cancel_hotel",
        "params": {"id": "=context.hotel.id"},
    }
    assert step_of(draft, "book_flight")["compensation"] == {"worker": "cancel_flight"}
    assert edges_of(draft) == [("book_hotel", "book_flight", ""), ("book_flight", "charge", "")]
    assert entry_of(report, "CancelHotel").steps == ["book_hotel"]
    assert all(proposal.accepted for proposal in report.proposals)


def test_a_way_that_does_more_than_undo_is_kept() -> None:
    machine = chain(
        TakeLock=task(Resource="${TakeLock}", ResultPath=None),
        Work=task(ResultPath=None, Catch=catch("ReleaseLock"), Next="Done"),
        ReleaseLock=task(Resource="${ReleaseLock}", ResultPath=None, Next="Done"),
        Done={"Type": "Succeed"},
    )
    draft, report = imported(machine, accepts_undo=True)
    assert step_of(draft, "take_lock")["compensation"] == {"worker": "release_lock"}
    assert ("work_caught", "release_lock", "") in edges_of(draft)
    assert report.proposals[0].accepted


def test_tasks_that_only_sound_alike_are_not_proposed() -> None:
    machine = chain(
        Save=task(ResultPath=None, Catch=catch("Delete")), Delete=task(Resource="${Delete}", ResultPath=None)
    )
    assert imported(machine)[1].proposals == []
