"""Published workflows, runs and people, as for the engine and the pages."""

from __future__ import annotations

from tests.integration.pages.conftest import designer as designer
from tests.integration.pages.conftest import operator as operator
from tests.integration.pages.conftest import order as order
from tests.integration.pages.conftest import stranger as stranger
from tests.integration.pages.conftest import stuck as stuck
from tests.integration.pages.conftest import undone as undone
from tests.integration.pages.conftest import viewer as viewer
from tests.integration.pages.conftest import waiting as waiting
from tests.integration.runs.conftest import catalog as catalog
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
