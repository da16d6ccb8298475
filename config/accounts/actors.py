"""The name under which journals and audits keep who did something: a person, or an agent of that person.

An agent is a program that acts through the agents' endpoint (`config.mcp`) with a person's token. Usernames
have neither blanks nor brackets, so no person is called like an agent.
"""

from __future__ import annotations

from typing import Any

IS_AGENT = "is_agent"  # attribute of a user who acts through the agents' endpoint
SUFFIX = " (agent)"


def is_agent(user: Any) -> bool:
    return bool(getattr(user, IS_AGENT, False))


def actor(user: Any) -> str:
    """The name to keep of a user; a text is one already."""
    if isinstance(user, str):
        return user
    return str(user.get_username()) + (SUFFIX if is_agent(user) else "")


def is_same_person(one: str, other: str) -> bool:
    """Whether two actors are one person: an agent is the person whose token it has."""
    return one.removesuffix(SUFFIX) == other.removesuffix(SUFFIX)
