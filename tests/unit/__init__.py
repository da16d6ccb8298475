"""Tests without a database; they mirror the packages of the product."""
