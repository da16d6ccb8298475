"""What can be asked of the API: each function describes one call, with the type of its answer.

Names are those of the API's operations; tests hold the table against the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from workers.client.call import Call, without_none
from workers.client.call import describe as _call
from workers.client.types import Events, Object, Run, Runs
from workers.client.workflow_calls import *  # noqa: F403 (the same table, in a second module)

Answer = Literal["retry", "resolve", "skip", "compensate", "abandon"]


# --- runs ---


def start_run(
    workflow: str,
    input: Mapping[str, Any],
    *,
    version: int | None = None,
    labels: Mapping[str, str] | None = None,
    priority: int | None = None,
    idempotency_key: str | None = None,
) -> Call[Run]:
    """The same `idempotency_key` again gives the same run; with another input it is refused."""
    body = without_none(input=dict(input), version=version, labels=labels, priority=priority)
    headers = {"Idempotency-Key": idempotency_key}
    return _call("POST", "/workflows/{name}/runs", workflow, body=body, headers=headers)


def start_runs(
    workflow: str, runs: Sequence[Mapping[str, Any]], *, idempotency_key: str | None = None
) -> Call[list[Object]]:
    """Starts all or none. Each: `{"input", "version"?, "labels"?}`."""
    headers = {"Idempotency-Key": idempotency_key}
    return _call("POST", "/workflows/{name}/runs", workflow, body=list(runs), headers=headers)


def list_runs(
    *,
    status: str | None = None,
    workflow: str | None = None,
    label: str | None = None,
    q: str | None = None,
    since: str | None = None,
    until: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Call[Runs]:
    query = {"status": status, "workflow": workflow, "label": label, "q": q, "since": since, "until": until}
    return _call("GET", "/runs", query={**query, "cursor": cursor, "limit": limit})


def get_run(run: str, wait: float | None = None) -> Call[Run]:
    """`wait`: answer when the run has ended, after so many seconds (60) at most."""
    return _call("GET", "/runs/{run_id}", run, query={"wait": wait})


def get_steps(run: str) -> Call[Object]:
    return _call("GET", "/runs/{run_id}/steps", run)


def get_events(run: str, after: int = 0, limit: int | None = None, step: str | None = None) -> Call[Events]:
    query = {"after": after, "limit": limit, "step": step}
    return _call("GET", "/runs/{run_id}/events", run, query=query)


def get_rollback_plan(run: str, to_step: str | None = None) -> Call[Object]:
    return _call("GET", "/runs/{run_id}/rollback-plan", run, query={"to_step": to_step})


def get_allowed(run: str) -> Call[Object]:
    return _call("GET", "/runs/{run_id}/allowed", run)


def cancel(run: str, mode: Literal["compensate", "abandon"] = "compensate") -> Call[Run]:
    return _call("POST", "/runs/{run_id}/cancel", run, body={"mode": mode})


def pause(run: str) -> Call[Run]:
    return _call("POST", "/runs/{run_id}/pause", run)


def resume(run: str) -> Call[Run]:
    return _call("POST", "/runs/{run_id}/resume", run)


def roll_back(run: str, to_step: str | None = None) -> Call[Run]:
    return _call("POST", "/runs/{run_id}/rollback", run, body=without_none(to_step=to_step))


def rerun(run: str, from_step: str = "") -> Call[Run]:
    return _call("POST", "/runs/{run_id}/rerun", run, body={"from_step": from_step})


def signal(run: str, name: str, data: Any = None) -> Call[Object]:
    return _call("POST", "/runs/{run_id}/signals/{name}", run, name, body={} if data is None else data)


def approve(run: str, step: str, comment: str = "", data: Mapping[str, Any] | None = None) -> Call[None]:
    body = without_none(comment=comment, data=data)
    return _call("POST", "/runs/{run_id}/steps/{step}/approve", run, step, body=body)


def reject(run: str, step: str, comment: str = "") -> Call[None]:
    return _call("POST", "/runs/{run_id}/steps/{step}/reject", run, step, body={"comment": comment})


def happen_now(run: str, step: str) -> Call[None]:
    return _call("POST", "/runs/{run_id}/steps/{step}/happen-now", run, step)


def end_loop(run: str, step: str) -> Call[None]:
    return _call("POST", "/runs/{run_id}/steps/{step}/enough", run, step)


def act_on_many(body: Mapping[str, Any], idempotency_key: str | None = None) -> Call[Object]:
    return _call("POST", "/runs/bulk", body=body, headers={"Idempotency-Key": idempotency_key})


# --- people's work ---


def list_interventions(
    status: str = "open", workflow: str | None = None, cause: str | None = None
) -> Call[Object]:
    query = {"status": status, "workflow": workflow, "cause": cause}
    return _call("GET", "/interventions", query=query)


def get_intervention(intervention: int) -> Call[Object]:
    return _call("GET", "/interventions/{intervention_id}", intervention)


def claim_intervention(intervention: int, **body: Any) -> Call[Object]:
    return _call("POST", "/interventions/{intervention_id}/claim", intervention, body=body)


def release_intervention(intervention: int) -> Call[Object]:
    return _call("POST", "/interventions/{intervention_id}/release", intervention)


def note_on_intervention(intervention: int, text: str) -> Call[Object]:
    return _call("POST", "/interventions/{intervention_id}/notes", intervention, body={"note": text})


def answer_intervention(
    intervention: int,
    answer: Answer,
    *,
    note: str | None = None,
    patch: Mapping[str, Any] | None = None,
    output: Any = None,
    seen: int | None = None,
) -> Call[Object]:
    """With `seen`, from `list_answers` or `preview_answer`, it is refused where the run has moved since."""
    body = without_none(answer=answer, note=note, patch=patch, output=output, seen=seen)
    return _call("POST", "/interventions/{intervention_id}/answer", intervention, body=body)


def list_answers(intervention: int) -> Call[Object]:
    """The possible answers, with what each leads to."""
    return _call("GET", "/interventions/{intervention_id}/answers", intervention)


def preview_answer(
    intervention: int, answer: Answer, *, patch: Mapping[str, Any] | None = None, output: Any = None
) -> Call[Object]:
    body = without_none(answer=answer, patch=patch, output=output)
    return _call("POST", "/interventions/{intervention_id}/preview", intervention, body=body)


def list_approvals(of: str | None = None, cursor: str | None = None) -> Call[Object]:
    return _call("GET", "/approvals", query={"of": of, "cursor": cursor})


# --- triggers and events ---


def list_triggers(workflow: str) -> Call[Object]:
    return _call("GET", "/workflows/{name}/triggers", workflow)


def create_trigger(workflow: str, trigger: Mapping[str, Any]) -> Call[Object]:
    return _call("POST", "/workflows/{name}/triggers", workflow, body=trigger)


def change_trigger(workflow: str, trigger: int, changes: Mapping[str, Any]) -> Call[Object]:
    return _call("PATCH", "/workflows/{name}/triggers/{trigger_id}", workflow, trigger, body=changes)


def remove_trigger(workflow: str, trigger: int) -> Call[None]:
    return _call("DELETE", "/workflows/{name}/triggers/{trigger_id}", workflow, trigger)


def rotate_token(workflow: str, trigger: int) -> Call[Object]:
    return _call("POST", "/workflows/{name}/triggers/{trigger_id}/rotate", workflow, trigger)


def get_trigger(workflow: str, trigger: int) -> Call[Object]:
    return _call("GET", "/workflows/{name}/triggers/{trigger_id}", workflow, trigger)


def list_calls(workflow: str, trigger: int, limit: int | None = None) -> Call[Object]:
    """The last calls of a webhook, times of a schedule, or files, the newest first."""
    path = "/workflows/{name}/triggers/{trigger_id}/calls"
    return _call("GET", path, workflow, trigger, query={"limit": limit})


def replay_call(workflow: str, trigger: int, call: int) -> Call[Object]:
    """Does again what a webhook's call asked for."""
    path = "/workflows/{name}/triggers/{trigger_id}/calls/{call_id}/replay"
    return _call("POST", path, workflow, trigger, call)


def test_trigger(workflow: str, trigger: int, body: Any) -> Call[Object]:
    """Calls a webhook as its sender would; it starts a real run."""
    path = "/workflows/{name}/triggers/{trigger_id}/test"
    return _call("POST", path, workflow, trigger, body={"body": body})


def take_event(event: Mapping[str, Any]) -> Call[Object]:
    """An event `{id, type, source, data}`; the same id and source twice start nothing twice."""
    return _call("POST", "/events", body=event)


# --- subscriptions ---


def list_subscriptions() -> Call[Object]:
    return _call("GET", "/subscriptions")


def create_subscription(subscription: Mapping[str, Any]) -> Call[Object]:
    return _call("POST", "/subscriptions", body=subscription)


def get_subscription(subscription: int) -> Call[Object]:
    return _call("GET", "/subscriptions/{subscription_id}", subscription)


def change_subscription(subscription: int, changes: Mapping[str, Any]) -> Call[Object]:
    return _call("PATCH", "/subscriptions/{subscription_id}", subscription, body=changes)


def remove_subscription(subscription: int) -> Call[None]:
    return _call("DELETE", "/subscriptions/{subscription_id}", subscription)


def test_subscription(subscription: int) -> Call[Object]:
    return _call("POST", "/subscriptions/{subscription_id}/test", subscription)


def list_deliveries(subscription: int, before: int | None = None) -> Call[Object]:
    """The newest first; pass `next` of the answer on as `before`."""
    path = "/subscriptions/{subscription_id}/deliveries"
    return _call("GET", path, subscription, query={"before": before})


def replay_delivery(subscription: int, delivery: int) -> Call[Object]:
    path = "/subscriptions/{subscription_id}/deliveries/{delivery_id}/replay"
    return _call("POST", path, subscription, delivery)


# --- operation ---


def list_limits() -> Call[Object]:
    return _call("GET", "/limits")


def get_limit(name: str) -> Call[Object]:
    return _call("GET", "/limits/{name}", name)


def put_limit(
    name: str, *, at_once: int | None = None, rate: int | None = None, per: float = 60.0
) -> Call[Object]:
    return _call("PUT", "/limits/{name}", name, body={"at_once": at_once, "rate": rate, "per": per})


def remove_limit(name: str) -> Call[None]:
    return _call("DELETE", "/limits/{name}", name)


def list_worker_processes() -> Call[Object]:
    return _call("GET", "/workers")


def get_health() -> Call[Object]:
    return _call("GET", "/health")


# --- connections and secrets ---


def list_connections() -> Call[Object]:
    return _call("GET", "/connections")


def get_connection(name: str) -> Call[Object]:
    return _call("GET", "/connections/{name}", name)


def put_connection(name: str, connection: Mapping[str, Any]) -> Call[Object]:
    return _call("PUT", "/connections/{name}", name, body=connection)


def remove_connection(name: str) -> Call[None]:
    return _call("DELETE", "/connections/{name}", name)


def check_connection(name: str, path: str = "") -> Call[Object]:
    return _call("POST", "/connections/{name}/test", name, body=without_none(path=path or None))


def list_secrets() -> Call[Object]:
    return _call("GET", "/secrets")


def put_secret(name: str, value: str | None = None, note: str = "") -> Call[Object]:
    """Without a value, only the note changes. The value never comes back."""
    return _call("PUT", "/secrets/{name}", name, body=without_none(value=value, note=note))


def remove_secret(name: str) -> Call[None]:
    return _call("DELETE", "/secrets/{name}", name)


def get_document(connection: str) -> Call[Object]:
    return _call("GET", "/connections/{name}/document", connection)


def put_document(connection: str, document: Mapping[str, str]) -> Call[Object]:
    return _call("PUT", "/connections/{name}/document", connection, body=document)


def remove_document(connection: str) -> Call[None]:
    return _call("DELETE", "/connections/{name}/document", connection)


def list_operations(connection: str, **query: str | int) -> Call[Object]:
    return _call("GET", "/connections/{name}/operations", connection, query=query)


def get_operation(connection: str, operation: str) -> Call[Object]:
    return _call("GET", "/connections/{name}/operations/{operation}", connection, operation)
