"""An agent with the SDK's own client finds, reads, is told and answers; and may no more than its token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth.models import User
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from config.accounts import tokens
from config.accounts.actors import IS_AGENT
from config.accounts.permissions import Role
from config.asgi import application
from config.mcp.tools import TOOLS
from designer.models import Workflow
from runs.audit import audit
from runs.interventions import service
from runs.interventions.service import Reply
from runs.machine.errors import Refused
from runs.models import CasePolicy, Intervention, Run
from runs.store import reader
from tests.people import person

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Agent = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def olga(transactional_db: None) -> User:
    return person("olga", "operator", "designer")


@pytest.fixture
def agent(olga: User) -> Agent:
    """Connects an agent of Olga's, with a token of a role."""

    @asynccontextmanager
    async def connected(role: Role = Role.OPERATOR, mode: str = "auto") -> AsyncIterator[Client]:
        _, text = await database_sync_to_async(tokens.make)(olga, "robot", role)
        app: Any = application
        headers = {"Authorization": f"Bearer {text}"}
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), headers=headers) as http:
            transport = streamable_http_client("http://localhost/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                yield client

    return connected


async def used(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content[0])


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_agent_answers_a_blocked_run_and_the_audit_says_that_it_was_one(
    agent: Agent, stuck: Run, mode: str
) -> None:
    began = await database_sync_to_async(reader.now)()
    async with agent(mode=mode) as client:
        blocked = await used(client, "list_runs", status="blocked")
        assert [run["id"] for run in blocked["runs"]] == [str(stuck.pk)]
        [question] = (await used(client, "list_interventions"))["interventions"]
        told = await used(client, "list_answers", intervention=question["id"])
        assert "could not" in told["sentence"] or "failed" in told["sentence"]
        resolve = next(it for it in told["answers"] if it["answer"] == "resolve")
        assert resolve["needs_note"] and "ends with everything undone" in resolve["leads_to"]
        stale = {"answer": "resolve", "note": "By hand.", "seen": told["seen"] - 1}
        assert "moved" in await refused(client, "answer_intervention", intervention=question["id"], **stale)
        answer = {**stale, "seen": told["seen"]}
        await used(client, "answer_intervention", intervention=question["id"], **answer)
        run = await used(client, "get_run", run=str(stuck.pk))
        assert run["steps"][1]["undo"] == "resolved"
    lines = await database_sync_to_async(lambda: list(audit.lines(began, reader.now())))()
    assert "olga (agent)" in [line.who for line in lines if line.act == "intervention.answered"]
    assert any("An agent: answer_intervention" in line.note for line in lines)


async def test_an_agent_sees_the_tools_of_its_token_and_uses_no_others(agent: Agent, stuck: Run) -> None:
    async with agent(Role.VIEWER) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {tool.name for tool in TOOLS if tool.act == "view"}
        assert "may not operate" in await refused(client, "cancel", run=str(stuck.pk))
        assert "no tool" in await refused(client, "delete_everything")
        assert "run" in await refused(client, "get_run")
        assert "404" in await refused(client, "get_run", run="00000000-0000-0000-0000-000000000000")


async def test_an_agent_drafts_with_problems_as_feedback_and_reads_the_guides(agent: Agent) -> None:
    document = {"schema": 1, "name": "made", "steps": [{"name": "a", "worker": "nobody"}], "edges": []}
    async with agent(Role.DESIGNER) as client:
        saved = await used(client, "save_draft", name="made", document=document, revision=0)
        assert saved["problems"][0]["code"] == "unknown_worker"
        assert "nobody" in await refused(client, "publish", name="made", revision=saved["revision"])
        workers = await used(client, "list_worker_functions")
        assert workers["workers"]
        guide = await client.read_resource("guide://definitions")
        assert "# " in str(guide.contents[0])
        assert {str(it.uri) for it in (await client.list_resources()).resources} >= {"guide://semantics"}
    assert await Workflow.objects.filter(name="made").aexists()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sgb_wrong"}, {"Authorization": "Basic x"}])
async def test_nobody_comes_in_without_a_token(transactional_db: None, headers: dict[str, str]) -> None:
    app: Any = application
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app)) as http:
        answer = await http.post("http://localhost/mcp", json={}, headers=headers)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"


async def test_no_header_makes_a_person_an_agent(olga: User, stuck: Run) -> None:
    _, text = await database_sync_to_async(tokens.make)(olga, "robot", Role.OPERATOR)
    app: Any = application
    headers = {"Authorization": f"Bearer {text}", IS_AGENT: "1", "X-Is-Agent": "1"}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), headers=headers) as http:
        await http.post(f"http://localhost/api/v1/interventions/{await only()}/claim")
    assert await Intervention.objects.filter(claimed_by="olga").acount() == 1


async def only() -> int:
    return (await Intervention.objects.aget()).pk


class TestSecondPerson:
    """An agent proposes as its person does; it is no second person, and agrees to nothing."""

    @pytest.fixture
    def question(self, stuck: Run) -> Intervention:
        CasePolicy.objects.create(
            workflow=stuck.workflow_name, kind="compensation_failed", second_person=True
        )
        return Intervention.objects.get()

    def test_it_is_not_another_person_than_its_own(self, question: Intervention, olga: User) -> None:
        reply = Reply("resolve", "By hand.")
        assert service.answer(question.pk, reply, as_agent(olga)) == "proposed"
        assert service.answer(question.pk, reply, person_again(olga)) == "proposed"
        with pytest.raises(Refused, match="second person"):
            service.approve(question.pk, person_again(olga))

    def test_it_agrees_to_nothing(self, question: Intervention, olga: User) -> None:
        reply = Reply("resolve", "By hand.")
        service.answer(question.pk, reply, person("bob", "operator"))
        for agree in (
            lambda: service.answer(question.pk, reply, as_agent(olga)),
            lambda: service.approve(question.pk, as_agent(olga)),
        ):
            with pytest.raises(Refused, match="person"):
                agree()
        service.approve(question.pk, person_again(olga))


def as_agent(user: User) -> User:
    agent = person_again(user)
    setattr(agent, IS_AGENT, True)
    return agent


def person_again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_the_docs_name_each_tool_as_it_is() -> None:
    text = (settings.BASE_DIR / "docs/agents.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("| `")] == [
        f"| `{tool.name}` | {tool.act} | {tool.doc} |" for tool in TOOLS
    ]
