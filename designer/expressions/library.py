"""The CEL library without its command line.

Its package imports that, too, whose prompts and colours would cost each process 9 MB and 0.3 s of start.
"""

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))

import cel  # noqa: E402

__all__ = ["cel"]
