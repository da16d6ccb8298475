"""`sql_query` and `sql_execute`: one statement each, with values as parameters alone.

The undo of `sql_execute` is another one, in the undo slot of its step. `workers.library.sql.execution`
carries them out; the first call loads it, as SQLAlchemy takes 10 MB of each process.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workers import StepHandle, worker
from workers.connections.fields import SqlConnection

CATEGORY = "Databases"
ROWS_MAX = 10_000
TIMEOUT_S_MAX = 3_600
Scalar = str | int | float | bool | None


class Statement(BaseModel):
    """One SQL statement and its values."""

    model_config = ConfigDict(extra="forbid")

    connection: SqlConnection = Field(
        description="The database, as it is named on the page Connections.",
    )
    statement: str = Field(
        min_length=1,
        max_length=20_000,
        title="SQL",
        description="With :name where a value goes; values never stand in the text itself.",
        json_schema_extra={"x-constant": True, "format": "sql"},
    )
    values: dict[str, Scalar | list[Scalar]] = Field({}, description="The values by name.")
    timeout: float = Field(30.0, gt=0, le=TIMEOUT_S_MAX, description="Seconds for the statement.")


class Query(Statement):
    rows_max: int = Field(1_000, ge=1, le=ROWS_MAX, title="Most rows", description="More fail the step.")


@worker(
    "sql_query",
    category=CATEGORY,
    title="SQL query",
    compensation="none",
    rehearsal="record",
    stub={"rows": [], "columns": [], "count": 0},
)
def sql_query(params: Query, step: StepHandle) -> dict[str, Any]:
    """Reads rows of a database, in a transaction that can change nothing.

    Gives `rows`, an object each, `columns` and `count`.
    """
    from workers.library.sql import execution

    return execution.query(params, step)


@worker(
    "sql_execute",
    category=CATEGORY,
    title="SQL change",
    rehearsal="record",
    stub={"rows_affected": 1, "rows": []},
)
def sql_execute(params: Statement, step: StepHandle) -> dict[str, Any]:
    """Changes a database by one statement, once: a second attempt finds what the first one did.

    Gives `rows_affected`, and the `rows` of a statement with RETURNING. Its undo is another statement that
    reads `output`.
    """
    from workers.library.sql import execution

    return execution.change(params, step)
