"""The package `sagaboard` of the wheel.

The product lies in its folder `_product`, and not beside it: so nobody's environment gets packages that are
called `config` or `runs`. Only a process that calls `open_product` can import them, as `sagaboard` does.
"""

import sys
from pathlib import Path

PATH = str(Path(__file__).resolve().parent / "_product")


def open_product() -> None:
    """Makes `workers`, `designer` and the rest importable, before all else that has these names."""
    if PATH not in sys.path:
        sys.path.insert(0, PATH)
