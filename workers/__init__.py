"""Public names for authors of workers. Importing them needs no Django settings."""

from workers.sdk.decorator import worker
from workers.sdk.errors import CriticalFailure, TemporaryFailure, UnknownOutcome
from workers.sdk.handle import StepHandle

__all__ = ["CriticalFailure", "StepHandle", "TemporaryFailure", "UnknownOutcome", "worker"]
