"""Which worker processes the pool's parent takes for frozen."""

from __future__ import annotations

import time

from workers.process import identity, pool


def test_a_process_that_shows_life_is_not_frozen(board):
    identity.ready()
    identity.beat()
    assert not pool.is_frozen(board)


def test_a_process_without_a_sign_of_life_is_frozen(board, monkeypatch):
    identity.beat()
    identity.ready()
    monkeypatch.setattr(pool, "FROZEN_AFTER_S", -1.0)
    assert pool.is_frozen(board)


def test_a_process_that_has_not_begun_or_is_at_a_step_is_judged_by_other_means(board, monkeypatch):
    monkeypatch.setattr(pool, "FROZEN_AFTER_S", -1.0)
    assert not pool.is_frozen(board)
    identity.ready()
    identity.watch(time.monotonic() + 10)
    assert not pool.is_frozen(board)
