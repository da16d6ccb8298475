"""Published workflows and runs, as for the engine."""

from __future__ import annotations

from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.conftest import order as order
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
from tests.integration.runs.conftest import stuck as stuck
from tests.integration.runs.conftest import undone as undone
from tests.integration.runs.conftest import waiting as waiting
