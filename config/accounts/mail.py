"""Mail about accounts. It is sent by a thread of its own, after the answer to whoever asked for it.

An answer must not tell by its time whether an account has an address: looking the account up, making its link
and talking to the mail server all happen in the thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import BoundedSemaphore
from typing import Any

from django.contrib.auth.forms import PasswordResetForm
from django.contrib.sites.shortcuts import get_current_site
from django.db import connections

logger = logging.getLogger(__name__)

PENDING_MAX = 100  # mails that wait for the thread
sender = ThreadPoolExecutor(1, thread_name_prefix="account-mail")
_places = BoundedSemaphore(PENDING_MAX)


class ResetPasswordForm(PasswordResetForm):
    """Asks for a link to choose a new password. Does the same, whether an account has the address or not."""

    def save(self, *args: Any, **options: Any) -> None:
        options["domain_override"] = get_current_site(options.pop("request")).domain
        send_later(partial(super().save, **options))


def send_later(send: Callable[[], None]) -> None:
    """Has the thread call `send`. Drops it, and logs that, while `PENDING_MAX` wait."""
    if not _places.acquire(blocking=False):
        logger.error("a mail about an account is dropped, as %s wait already", PENDING_MAX)
        return
    sender.submit(_send, send).add_done_callback(_free_place)


def _send(send: Callable[[], None]) -> None:
    try:
        send()
    except Exception:
        logger.exception("a mail about an account could not be made")
    finally:
        connections.close_all()


def _free_place(_: Future[None]) -> None:
    _places.release()
