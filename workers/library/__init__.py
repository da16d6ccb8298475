"""Shipped workers: a small shop, and the workers of the shipped patterns.

An ordinary Django application, like one that a user writes: the engine imports nothing of it.
"""

MODULES = (
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
