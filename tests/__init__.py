"""Tests of the product. `unit` and `integration` mirror its packages; the other suites go by subject."""
