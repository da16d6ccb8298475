"""The id of a ring's job says all that the job does."""

from __future__ import annotations

from uuid import UUID

import pytest

from runs.delivery.queue import dispatch_of, job_id

RUN = UUID("01a20eee-3ed2-7006-bca4-5e9b65f9d39f")


@pytest.mark.parametrize("step", ["charge_payment", "s0", "m[0]", "added_2[9999]"])
def test_a_ring_is_found_again_in_its_id(step: str) -> None:
    assert dispatch_of(job_id(RUN, step, 17)) == (str(RUN), step, 17)


@pytest.mark.parametrize("other", ["", "mail-7", "mail-7-1", str(RUN), RUN.hex, "a-b-c-d"])
def test_other_jobs_are_no_rings(other: str) -> None:
    assert dispatch_of(other) is None
