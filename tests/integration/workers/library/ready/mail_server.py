"""A real SMTP server in a thread, which takes, refuses and greylists as its addresses say."""

from __future__ import annotations

from asyncio import Server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

HANG_UP = "221 gone"


@dataclass
class Taken:
    """A message that the server took."""

    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class MailServer:
    """`replies`: what it answers to a recipient, or at the end of the whole message (under `data`)."""

    replies: dict[str, str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if reply := self.replies.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if reply := self.replies.get("data"):
            if reply == HANG_UP:
                server.transport.close()
            return reply
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(Taken(envelope.mail_from, envelope.rcpt_tos, message))
        return "250 taken"


class AnyPort(Controller):
    """Listens where the system has a port free."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    handler = MailServer()
    controller = AnyPort(handler, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        handler.port = controller.port
        yield handler
    finally:
        controller.stop()
