"""Sockets that lead nowhere."""

import pytest
from channels.testing import WebsocketCommunicator

from config.asgi import application


@pytest.mark.parametrize("path", ["/ws/nothing/", "/", "/ws/runs/not-a-run/"])
async def test_an_unknown_socket_is_refused_quietly(path):
    socket = WebsocketCommunicator(application, path)
    connected, _ = await socket.connect()
    assert not connected
