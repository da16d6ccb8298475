"""Every cache of the process is made by `config.lib.caches`, or registered there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source import product_trees

HOME = "config/lib/caches.py"
DECORATORS = {"cache", "lru_cache"}
CONTAINERS = {
    "dict",
    "list",
    "set",
    "deque",
    "defaultdict",
    "Counter",
    "OrderedDict",
    "WeakKeyDictionary",
    "WeakValueDictionary",
    "local",
}
# What lives as long as the process and is no cache: clearing it would lose what it is there for.
STATE = {
    f"{HOME}: _clears",
    "config/lib/apart.py: _background",  # processes that work
    "config/accounts/permissions.py: _finders",  # filled when the apps are ready
    "config/lib/times.py: _ahead",  # the time that a rehearsal has skipped
    "designer/web/panels.py: _panels",  # filled when the apps are ready
    "designer/services/before_publishing.py: _gates",  # filled when the apps are ready
    "runs/delivery/hints.py: announcer",  # a thread
    "runs/delivery/queue.py: _collected",  # what `collected_here` collects, while it does
    "runs/delivery/worker_processes.py: _locks",  # files that are held
    "runs/engine/events.py: _looking",  # runs that this thread looks after, while it does
    "runs/live/consumers.py: open_sockets",  # sockets that are open
    "runs/live/hub.py: _hubs",  # tasks of event loops that run
    "runs/machine/journal/effects.py: EFFECTS",  # filled by imports
    "workers/process/forks.py: _inherited",  # a forked child's copies of connections
    "workers/process/forks.py: _parent",  # the process that a forked child ends with
    "workers/process/identity.py: _here",  # what the pool told this process
    "workers/process/jobs.py: _backlog",  # the worker process's own queues
    "workers/process/jobs.py: _runner",  # a thread
    "workers/process/overrun.py: overrun",  # a thread
    "workers/process/attempts/own_connections.py: _spare",  # connections that nobody has opened
    "workers/process/forks.py: _mask",  # from before a fork to after it
}


def last_name(node: ast.expr) -> str:
    """`c` of `c`, `b.c` and `b.c(…)`."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def decorated(tree: ast.Module) -> Iterator[str]:
    """Functions, anywhere in a module, whose results functools keeps."""
    for function in functions(tree):
        if any(last_name(decorator) in DECORATORS for decorator in function.decorator_list):
            yield function.name


def holders(tree: ast.Module) -> Iterator[str]:
    """Names of a module whose values change: empty or called containers, objects with a state, globals."""
    own = {node.name for node in tree.body if isinstance(node, ast.ClassDef) and has_state(node)}
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and changes(node.value, own):
                yield target.id
    for inner in ast.walk(tree):
        if isinstance(inner, ast.Global):
            yield from inner.names


def has_state(node: ast.ClassDef) -> bool:
    """Whether objects of a class are made to be changed, as far as its definition shows."""
    texts = [
        ast.unparse(decorator) for decorator in node.decorator_list if "dataclass" in ast.unparse(decorator)
    ]
    is_open = any("frozen=True" not in text for text in texts)
    return is_open or any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)


def changes(value: ast.expr, own: set[str]) -> bool:
    if isinstance(value, ast.Dict):
        return not value.keys
    if isinstance(value, ast.List | ast.Set):
        return not value.elts
    if not isinstance(value, ast.Call):
        return False
    name = last_name(value)
    return name in own or name in DECORATORS or (name in CONTAINERS and not value.args)


def registered(tree: ast.Module) -> set[str]:
    """Names in what a module registers: in the arguments of `register`, or in functions it decorates."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node) == "register")
    inside: list[ast.AST] = [argument for call in calls for argument in call.args]
    for function in functions(tree):
        if any(last_name(decorator) == "register" for decorator in function.decorator_list):
            inside.append(function)
    names = {node.id for part in inside for node in ast.walk(part) if isinstance(node, ast.Name)}
    return names if imports_register(tree) else set()


def imports_register(tree: ast.Module) -> bool:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(
        node.module == "config.lib.caches" and any(name.name == "register" for name in node.names)
        for node in imports
    )


def unregistered(path: str, tree: ast.Module) -> set[str]:
    known = registered(tree)
    return {f"{path}: {name}" for name in [*decorated(tree), *(set(holders(tree)) - known)]}


def test_every_cache_is_cleared_in_one_place() -> None:
    kept = set().union(*(unregistered(path, tree) for path, tree in product_trees().items()))
    assert kept == STATE, f"use config.lib.caches: {sorted(kept - STATE)}; gone: {sorted(STATE - kept)}"


@pytest.mark.parametrize(
    "source",
    [
        "@cache\ndef f(): ...",
        "@functools.lru_cache(maxsize=1)\ndef f(): ...",
        "class A:\n    @cache\n    def f(self): ...",
        "f = cache(g)",
        "known = {}",
        "known: OrderedDict[str, int] = OrderedDict()",
        "class Cache:\n    def __init__(self): ...\nkept = Cache()",
        "def f():\n    global last\n    last = 1",
        "from admin import register\nknown = {}\nregister(known.clear)",
    ],
)
def test_another_one_would_be_seen(source: str) -> None:
    assert unregistered("module.py", ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "from config.lib.caches import cached_for_process\n@cached_for_process()\ndef f(): ...",
        "from config.lib.caches import register\nknown = {}\nregister(known.clear)",
        "from config.lib.caches import register\nn = 0\n@register\ndef forget():\n    global n\n    n = 0",
        "WORDS = {'a': 1}",
        "def f():\n    known = cache(g)",
    ],
)
def test_what_is_registered_or_constant_is_let_be(source: str) -> None:
    assert not unregistered("module.py", ast.parse(source))
