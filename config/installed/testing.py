"""For tests: to import it makes `workers` and `designer` importable; or run `pytest -p sagaboard.testing`."""

from sagaboard import open_product

open_product()
