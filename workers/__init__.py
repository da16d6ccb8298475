"""What authors of workers import. Needs no Django settings; the engine's side is in the modules."""

from workers.errors import CriticalFailure, TemporaryFailure
from workers.handle import StepHandle
from workers.sdk import worker

__all__ = ["CriticalFailure", "StepHandle", "TemporaryFailure", "worker"]
