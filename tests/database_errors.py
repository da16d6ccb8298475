"""Database errors as Django raises them: wrapped, with the driver's error and its code as the cause."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import psycopg
from django.db import Error
from django.db.utils import DatabaseErrorWrapper


def database_error(text: str, code: int | str) -> Error:
    """`code`: a result code of SQLite, or a state of PostgreSQL."""
    driver = sqlite3 if isinstance(code, int) else psycopg
    try:
        with DatabaseErrorWrapper(SimpleNamespace(Database=driver)):
            raise drivers_error(text, code)
    except Error as error:
        return error


def drivers_error(text: str, code: int | str) -> Exception:
    if isinstance(code, str):
        return psycopg.errors.lookup(code)(text)
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error
