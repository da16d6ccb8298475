"""Signs a request in by its connection: by a header, a query parameter, or a token of OAuth2.

Tokens are kept by this process until shortly before they end (client credentials, RFC 6749, 4.4).
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import httpx2

from config.lib.caches import cached_for_process
from workers.connections.opening import Opened

Conceal = Callable[..., None]
MakeTransport = Callable[[], httpx2.AsyncBaseTransport]

TIMEOUT_S = 15.0
LEEWAY_S = 30.0
TOKEN_S = 300.0  # of a token whose answer does not say when it ends
TOKENS_MAX = 1_000
Key = tuple[str, int, str]


class SignInFailed(Exception):
    """The token endpoint gave no token."""


async def sign_in(
    request: httpx2.Request,
    opened: Opened,
    conceal: Conceal,
    transport: MakeTransport,
    *,
    is_refused: bool = False,
) -> bool:
    """Signs a request in. Returns whether a kept token was used, which the server may refuse already.

    With `is_refused` a new token is fetched. `conceal` gets what is secret in the request. Raises
    SignInFailed, and what the transport raises.
    """
    if opened.auth == "basic":
        pair = b64encode(f"{opened.username}:{opened.secret}".encode()).decode()
        conceal(pair)
        request.headers["Authorization"] = f"Basic {pair}"
    elif opened.auth == "bearer":
        request.headers["Authorization"] = f"Bearer {opened.secret}"
    elif opened.auth == "header":
        request.headers[opened.parameter] = opened.secret
    elif opened.auth == "query":
        request.url = request.url.copy_set_param(opened.parameter, opened.secret)
    elif opened.auth == "oauth2":
        token = None if is_refused else _kept(opened)
        is_kept = token is not None
        token = token or await _fetched(opened, transport)
        conceal(token)
        request.headers["Authorization"] = f"Bearer {token}"
        return is_kept
    return False


@cached_for_process()
def _tokens() -> dict[Key, tuple[str, float]]:
    """Tokens, and when they end, by connection as it was then."""
    return {}


def _key(opened: Opened) -> Key:
    return opened.name, opened.revision, sha256(opened.secret.encode()).hexdigest()


def _kept(opened: Opened) -> str | None:
    token, until = _tokens().get(_key(opened), ("", 0.0))
    return token if until > time.monotonic() else None


async def _fetched(opened: Opened, transport: MakeTransport) -> str:
    # Loaded here: it takes 10 MB of each process, and few connections use OAuth2.
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import AsyncOAuth2Client

    async with AsyncOAuth2Client(
        opened.username,
        opened.secret,
        scope=opened.scope or None,
        transport=transport(),
        timeout=TIMEOUT_S,
        trust_env=False,
    ) as http:
        try:
            answer = await http.fetch_token(opened.token_url, grant_type="client_credentials")
            token = str(answer["access_token"])
            seconds = float(answer.get("expires_in") or TOKEN_S)
        except httpx2.HTTPStatusError as error:
            raise SignInFailed(f"the token endpoint answered {error.response.status_code}") from error
        except OAuthError as error:
            raise SignInFailed(f"the token endpoint refused: {error.error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise SignInFailed("the token endpoint's answer has no access_token") from error
    tokens = _tokens()
    if len(tokens) >= TOKENS_MAX:
        tokens.clear()
    tokens[_key(opened)] = token, time.monotonic() + max(0.0, seconds - LEEWAY_S)
    return token
