"""What a worker process has claimed and not begun, as its pool's parent sees it."""

from __future__ import annotations

from uuid import uuid4

from workers.process import identity

ATTEMPTS = [(uuid4(), f"m[{index}]", index + 1) for index in range(identity.UNBEGUN_MAX + 4)]


def test_what_is_noted_is_known_and_nothing_else(board):
    run, step, lease = ATTEMPTS[0]
    identity.note_unbegun(ATTEMPTS[:3])
    found = identity.unbegun(board)
    assert [attempt in found for attempt in ATTEMPTS[:4]] == [True, True, True, False]
    assert (run, step, lease + 1) not in found
    identity.note_unbegun(ATTEMPTS[1:3])
    assert ATTEMPTS[0] not in identity.unbegun(board) and ATTEMPTS[2] in identity.unbegun(board)
    identity.note_unbegun([])
    assert not any(attempt in identity.unbegun(board) for attempt in ATTEMPTS)


def test_more_than_the_board_holds_count_as_begun(board):
    identity.note_unbegun(ATTEMPTS)
    found = identity.unbegun(board)
    assert sum(attempt in found for attempt in ATTEMPTS) == identity.UNBEGUN_MAX


def test_what_begins_is_noted_no_more(board):
    """A process may die at any moment: an attempt is taken off before it begins."""
    identity.note_unbegun(ATTEMPTS[:5])
    for begun in range(1, 6):
        identity.note_begun()
        found = identity.unbegun(board)
        assert [attempt in found for attempt in ATTEMPTS[:5]] == [place >= begun for place in range(5)]
    identity.note_begun()
    identity.note_unbegun(ATTEMPTS[5:7])
    identity.note_begun()
    found = identity.unbegun(board)
    assert [attempt in found for attempt in ATTEMPTS[4:8]] == [False, False, True, False]


def test_more_may_begin_than_the_board_holds(board):
    identity.note_unbegun(ATTEMPTS)
    for _ in ATTEMPTS:
        identity.note_begun()
    assert not any(attempt in identity.unbegun(board) for attempt in ATTEMPTS)
