"""Authentication of API calls and sockets, by API token or session.

It runs before the body of a request is parsed. Permissions are checked by `config.accounts.permissions`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer, SessionAuth

from config.accounts.actors import IS_AGENT
from config.accounts.permissions import Act, Person, may, require, require_named
from config.accounts.tokens import redeem


def callers(*acts: Act) -> list[Any]:
    """Authenticators for `auth=` of an operation: a token or a session that may at least one of `acts`.

    Without `acts` any valid token or session is accepted. Others get 401 or 403.
    """
    return [TokenAuth(acts), PersonAuth(acts)]


class TokenAuth(HttpBearer):
    """Bearer token. An invalid token is refused even if the request also has a valid session."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        super().__init__()
        self.acts = acts

    def authenticate(self, request: HttpRequest, token: str) -> User:
        user = user_of_token(request)
        if user is None:
            raise AuthenticationError(401, "That token is unknown, expired or revoked.")
        request.user = user
        setattr(user, IS_AGENT, bool(getattr(request, "scope", {}).get(IS_AGENT)))
        _require_one(request, user, self.acts)
        return user


class PersonAuth(SessionAuth):
    """Session of a signed-in person. Unsafe methods also need the CSRF token of the page."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        super().__init__()
        self.acts = acts

    def authenticate(self, request: HttpRequest, key: str | None) -> Person | None:
        user: Person | None = super().authenticate(request, key)
        if user is not None:
            _require_one(request, user, self.acts)
        return user


def _require_one(request: HttpRequest, user: Person, acts: tuple[Act, ...]) -> None:
    """Raises PermissionDenied, which names the first of `acts`, if `user` may do none of them.

    So it does where the folder of what the address names leaves none of them; see `require_named`.
    """
    if acts and not any(may(user, act) for act in acts):
        require(user, acts[0])
    if acts:
        require_named(request, *acts)


BEARER = "bearer "


def user_of_token(request: HttpRequest) -> User | None:
    """The user of a request's bearer token; None without one, or if it does not hold. Asks once a request."""
    facts = vars(request)
    if "token_user" not in facts:
        value = request.headers.get("Authorization", "")
        is_bearer = value.lower().startswith(BEARER)
        facts["token_user"] = redeem(value[len(BEARER) :].strip()) if is_bearer else None
    user: User | None = facts["token_user"]
    return user


class TokenSockets:
    """ASGI middleware: authenticates a WebSocket by its bearer token.

    The user is anonymous if the token is invalid, even if the socket also has a session. A socket outlives
    the check, so `scope["reauthenticate"]` repeats it and returns the user, or None once it is invalid.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        value = dict(scope.get("headers", [])).get(b"authorization", b"").decode("latin1")
        if value.lower().startswith(BEARER):
            from django.contrib.auth.models import AnonymousUser

            reauthenticate = partial(redeem, value[len(BEARER) :].strip())
            user = await database_sync_to_async(reauthenticate)()
            scope = {**scope, "user": user or AnonymousUser(), "reauthenticate": reauthenticate}
        return await self.inner(scope, receive, send)
