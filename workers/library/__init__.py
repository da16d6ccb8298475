"""Shipped workers: a little shop to order from, and the workers of the shipped patterns.

An ordinary Django application; nothing here is imported by the engine.
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
    "workers.library.patterns.dynamic",
)
