"""A worker process of the test, and its status board."""

from __future__ import annotations

import pytest

from workers.process import identity


@pytest.fixture
def board(monkeypatch):
    monkeypatch.setattr(identity, "_here", None)
    board = identity.new_board()
    identity.begin("here:1:board", board)
    return board
