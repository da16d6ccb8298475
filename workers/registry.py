"""Registry of workers: imports worker modules and collects their workers in a frozen catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from django.conf import settings

from config.lib.caches import cached_for_process
from workers.sdk.errors import DuplicateWorker, ModuleNotLoaded, WorkersError
from workers.sdk.spec import WorkerSpec

__all__ = ["Catalog", "WorkerSpec", "get_catalog", "load_catalog"]


class Catalog(Mapping[str, WorkerSpec]):
    """Every worker by name.

    `overrides` holds the shipped workers that a user's worker of the same name replaces.
    """

    def __init__(
        self, specs: Iterable[WorkerSpec], overrides: Mapping[str, WorkerSpec] | None = None
    ) -> None:
        self._specs = MappingProxyType({spec.name: spec for spec in specs})
        self.overrides: Mapping[str, WorkerSpec] = MappingProxyType(dict(overrides or {}))

    def __getitem__(self, name: str) -> WorkerSpec:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)


def load_catalog(user_modules: Iterable[str], library_modules: Iterable[str]) -> Catalog:
    """Imports the modules and collects their workers; a user's worker replaces a shipped one of its name.

    Raises ModuleNotLoaded, and DuplicateWorker when two modules of one kind use the same name.
    """
    shipped = collect(library_modules)
    own = collect(user_modules)
    overrides = {name: spec for name, spec in shipped.items() if own.get(name, spec) is not spec}
    return Catalog({**shipped, **own}.values(), overrides)


@cached_for_process()
def get_catalog() -> Catalog:
    """The process's catalog, from WORKER_MODULES and WORKER_LIBRARY of the settings."""
    return load_catalog(settings.WORKER_MODULES, settings.WORKER_LIBRARY)


def collect(modules: Iterable[str]) -> dict[str, WorkerSpec]:
    specs: dict[str, WorkerSpec] = {}
    for module in modules:
        for spec in workers_in(module):
            first = specs.setdefault(spec.name, spec)
            if first is not spec:  # the same function, imported into a second module, is no duplicate
                raise DuplicateWorker(spec.name, (first.module, spec.module))
    return specs


def workers_in(module: str) -> list[WorkerSpec]:
    try:
        members = vars(import_module(module))
    except WorkersError as error:
        raise ModuleNotLoaded(module, str(error)) from error
    except (Exception, SystemExit) as error:  # a script that calls `sys.exit` must not end the process
        hint = ""
        if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
            hint = "; is the folder that holds it in PYTHONPATH?"
        raise ModuleNotLoaded(module, f"{type(error).__name__}: {error}{hint}") from error
    specs = (getattr(member, "__worker__", None) for member in list(members.values()))
    return [spec for spec in specs if isinstance(spec, WorkerSpec)]
