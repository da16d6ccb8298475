"""The socket of the header: how much waits for each person, whatever hints are lost."""

from __future__ import annotations

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client

from runs.engine import engine
from runs.interventions import service
from runs.live import hub as hubs
from runs.models import Intervention, Run
from tests.integration.runs.live.test_live import frames_from, in_thread, socket_of


@pytest.mark.parametrize("hints_come", [True, False])
async def test_each_person_hears_how_much_waits_for_them(
    viewer: Client,
    operator: Client,
    waiting: Run,
    stuck: Run,
    monkeypatch: pytest.MonkeyPatch,
    hints_come: bool,
) -> None:
    if not hints_come:
        monkeypatch.setattr(hubs.Hub, "note", lambda hub, message: None)
    monkeypatch.setattr(hubs, "POLL_S", 0.2)
    path = "/ws/interventions/?inbox"
    async with socket_of(operator, path) as theirs, socket_of(viewer, path) as others:
        assert await frames_from(theirs, 1) == [{"event": "inbox", "waiting": 2, "is_more": False}]
        assert await frames_from(others, 1) == [{"event": "inbox", "waiting": 0, "is_more": False}]
        await in_thread(engine.approve)(waiting.pk, "boss", True, "olga")
        await heard(theirs, 1)
        intervention = await in_thread(Intervention.objects.get)()
        await in_thread(service.answer)(intervention.pk, service.Reply("abandon", "so be it"), "olga")
        await heard(theirs, 0)
        await heard(others, 0)


async def heard(socket: WebsocketCommunicator, count: int) -> None:
    """Until a frame says that so much waits; frames of interventions come in between."""
    while True:
        (frame,) = await frames_from(socket, 1)
        if frame["event"] == "inbox" and frame["waiting"] == count:
            return
