"""Tests with a database and Redis; they mirror the packages of the product."""
