"""What only some machines let a test do: mount a disk, make a network namespace."""

from __future__ import annotations

import subprocess


class NotAllowed(Exception):
    """This machine does not let us do that."""


def run(*words: str) -> None:
    """Raises NotAllowed."""
    try:
        subprocess.run(words, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotAllowed(f"{words[0]} is missing") from error
    except subprocess.CalledProcessError as error:
        raise NotAllowed(error.stderr.strip()) from error
