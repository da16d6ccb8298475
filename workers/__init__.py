"""What authors of workers import. Needs no Django settings; the engine's side is in the modules."""

from workers.sdk.decorator import worker
from workers.sdk.errors import CriticalFailure, TemporaryFailure
from workers.sdk.handle import StepHandle

__all__ = ["CriticalFailure", "StepHandle", "TemporaryFailure", "worker"]
