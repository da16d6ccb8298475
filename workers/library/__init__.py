"""Shipped workers: ready-made ones for anybody's workflows, and as examples a small shop and the patterns'.

An ordinary Django application, like one that a user writes: the engine imports nothing of it.
"""

READY_MODULES = (
    "workers.library.data.workers",
    "workers.library.flow.workers",
    "workers.library.http.requests",
    "workers.library.llm.workers",
    "workers.library.mail.workers",
    "workers.library.python.workers",
    "workers.library.rows.workers",
    "workers.library.sql.statements",
    "workers.library.text.workers",
)

EXAMPLE_MODULES = (
    "workers.library.shop.books",
    "workers.library.shop.inventory",
    "workers.library.shop.payments",
    "workers.library.shop.shipping",
    "workers.library.patterns.sequential",
    "workers.library.patterns.fan_out",
    "workers.library.patterns.conditional",
    "workers.library.patterns.recovery",
    "workers.library.patterns.transformation",
    "workers.library.patterns.events",
    "workers.library.patterns.nested",
    "workers.library.patterns.repetition",
    "workers.library.patterns.dynamic",
)

MODULES = READY_MODULES + EXAMPLE_MODULES
