"""Who may make a call of the API: asked before anybody looks at what it brings."""

from __future__ import annotations

from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer, SessionAuth

from config.accounts.permissions import Act, Person, may, require
from config.accounts.tokens import redeem


def callers(*acts: Act) -> list[Any]:
    """For `auth=` of a call: people and tokens that may at least one of `acts`, if any is named.

    Others get 401 or 403.
    """
    return [TokenAuth(acts), PersonAuth(acts)]


class TokenAuth(HttpBearer):
    """A token that does not hold is refused, whatever session comes with it."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        super().__init__()
        self.acts = acts

    def authenticate(self, request: HttpRequest, token: str) -> User:
        user = redeem(token)
        if user is None:
            raise AuthenticationError(401, "That token is unknown, expired or revoked.")
        request.user = user
        _require_one(user, self.acts)
        return user


class PersonAuth(SessionAuth):
    """Who is signed in; what changes something needs the page's CSRF token, too."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        super().__init__()
        self.acts = acts

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        user: Person | None = super().authenticate(request, key)
        if user is not None:
            _require_one(user, self.acts)
        return user


def _require_one(user: Person, acts: tuple[Act, ...]) -> None:
    """Raises PermissionDenied that names the first of `acts`, where none is allowed."""
    if acts and not any(may(user, act) for act in acts):
        require(user, acts[0])


BEARER = "bearer "


class TokenSockets:
    """ASGI middleware: a socket that brings a token is its person's, and nobody's if it does not hold.

    `scope["ask"]` asks again whether it still holds.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        value = dict(scope.get("headers", [])).get(b"authorization", b"").decode("latin1")
        if value.lower().startswith(BEARER):
            from django.contrib.auth.models import AnonymousUser

            ask = partial(redeem, value[len(BEARER) :].strip())
            found = await database_sync_to_async(ask)()
            scope = {**scope, "user": found or AnonymousUser(), "ask": ask}
        return await self.inner(scope, receive, send)
