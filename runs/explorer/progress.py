"""Whether a run goes the way that its edges, its failures and the answers of people show. PURE."""

from __future__ import annotations

from collections.abc import Iterator

from runs.explorer.world import Member, World
from runs.machine.events import Entry
from runs.machine.states import STEP_ENDED, RunStatus, StepState, StepStatus

GOES_ON = ("skip", "resolve")
"""Answers after which a run goes on although a step has failed."""


def went_wrong(world: World, member: Member, entry: Entry) -> Iterator[tuple[str, str]]:
    """Yields what is wrong with the beginning or the end of a step: it, and why."""
    name = entry.step
    if name not in member.abstraction.original.by_name:  # an item, or a step that a worker has added
        return
    taken: frozenset[str] = world.notes.get(("taken", member.path), frozenset())
    if entry.type == "step.completed":
        yield from _wrong_way(world, member, entry)
        yield from _failed_below(world, member, entry)
        world.notes["taken", member.path] = taken | set(entry.data.get("taken", ()))
    elif member.graph.incoming[name] and name not in taken and not _leads(member, name):
        yield name, f"{name} begins, and no edge that leads to it has been taken."


def _leads(member: Member, name: str) -> bool:
    """Whether a step that failed or was skipped leads on to another one."""
    passed = (StepStatus.FAILED, StepStatus.SKIPPED)
    sources = (member.state.step(edge.source) for edge in member.graph.incoming[name])
    return any(source.status in passed for source in sources)


def _wrong_way(world: World, member: Member, entry: Entry) -> Iterator[tuple[str, str]]:
    """Whether another edge was taken than the one whose condition is the first true one."""
    id = f"{member.path}{entry.step}|way"
    if id not in world.choices:
        return
    edges = member.abstraction.original.outgoing[entry.step]
    choices = [edge for edge in edges if edge.is_choice]
    plain = {edge.target for edge in edges if not edge.is_choice and not edge.is_error}
    option = world.choices[id]
    wanted = {choices[option].target} if isinstance(option, int) else set()
    taken = set(entry.data.get("taken", ()))
    if taken - plain != wanted - plain and taken:
        yield (
            entry.step,
            f"{entry.step} leads on to {', '.join(sorted(taken)) or 'nothing'}, against its conditions.",
        )


def _failed_below(world: World, member: Member, entry: Entry) -> Iterator[tuple[str, str]]:
    """Whether a step counts as completed although its run, or too many of its items, failed."""
    state = member.state.step(entry.step)
    child = world.members.get(world.notes.get(("child", entry.data.get("child")), "-"))
    if child is not None and not child.detached and child.state.run.status != RunStatus.COMPLETED:
        yield entry.step, f"{entry.step} completes, and its run did not."
    definition = member.definition(entry.step)
    is_exact = isinstance(definition.tolerate, int) and definition.needed is None
    if state.is_map and is_exact and not state.enough and state.items_failed > int(definition.tolerate):
        yield entry.step, f"{entry.step} completes, and {state.items_failed} of its items failed."


def ended_wrongly(world: World, member: Member) -> Iterator[tuple[str, str]]:
    """Yields the steps because of which a run should not have completed, each with the reason."""
    for step in member.graph.steps:
        state = member.state.step(step.name)
        if state.status not in STEP_ENDED:
            yield step.name, f"The run completes, and {step.name} has neither run nor been skipped."
        elif state.status == StepStatus.FAILED and not _is_passed_over(world, member, state):
            yield step.name, f"The run completes, and {step.name} has failed."


def _is_passed_over(world: World, member: Member, state: StepState) -> bool:
    answers = (world.choices.get(f"{member.path}{state.name}|answer {count}") for count in (2, 1))
    last = next((answer for answer in answers if answer is not None), None)
    is_let_go = last in GOES_ON if last is not None else False
    return state.caught or is_let_go or member.definition(state.name).on_failure == "continue"
