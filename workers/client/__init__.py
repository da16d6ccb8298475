"""A typed client of the REST API: needs httpx2 alone, and no Django.

A function of `calls` describes a call; `Client` makes it, and `AsyncClient` awaits it:

    with Client("https://board.example.org", token) as board:
        run = board.send(calls.start_run("order_processing", {"order_items": []}))
        ended = board.wait_for(run["id"], seconds=60)
"""

from workers.client import calls
from workers.client.client import ApiError, AsyncClient, Client

__all__ = ["ApiError", "AsyncClient", "Client", "calls"]
