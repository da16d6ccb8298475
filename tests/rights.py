"""Operations that only some machines allow: mounting a disk, making a network namespace."""

from __future__ import annotations

import subprocess


class NotAllowed(Exception):
    """This machine does not allow that."""


def run(*words: str) -> None:
    """Runs a command. Raises NotAllowed if it fails."""
    try:
        subprocess.run(words, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotAllowed(f"{words[0]} is missing") from error
    except subprocess.CalledProcessError as error:
        raise NotAllowed(error.stderr.strip()) from error
