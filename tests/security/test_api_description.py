"""The API against its own description: random calls, made from it, never fault and answer as it says.

Each operation gets a few calls, by an operator who also designs; what a call does is undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.accounts import tokens
from config.accounts.permissions import Role
from config.api.api import api
from runs.models import Run
from tests.integration.runs.conftest import catalog as catalog
from tests.people import person

CALLS = 12  # of each operation
SEED = 7
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MAY_BE_503 = ("/api/v1/health", "/api/v1/health/ready")  # they say that no worker process is there


def operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = WSGIHandler()
    found: list[Any] = list(schema.get_all_operations())
    return {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in found}


OPERATIONS = operations()


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """As Django's test client does it: a request leaves the connection of its test open."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def token(transactional_db: None) -> str:
    _, text = tokens.make(person("ada", "operator", "designer", "admin"), "random", Role.ADMIN)
    return text


@pytest.mark.parametrize("name", OPERATIONS)
def test_random_calls_never_fault_and_are_answered_as_described(stuck: Run, token: str, name: str) -> None:
    operation = OPERATIONS[name]
    known = {"run_id": str(stuck.pk), "name": stuck.workflow_name, "step": "charge", "number": 1}
    known["intervention_id"] = stuck.interventions.get().pk
    count = 0

    @seed(SEED)
    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        nonlocal count
        count += 1
        if count % 2:  # every other call is about what is there
            case.path_parameters = {**(case.path_parameters or {})} | {
                key: value for key, value in known.items() if key in (case.path_parameters or {})
            }
        with transaction.atomic():
            headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        if response.status_code != 503 or operation.path not in MAY_BE_503:
            case.validate_response(response, checks=CHECKS)

    call()
    assert count >= 1
