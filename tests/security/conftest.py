"""A run that waits for a person, and everybody who might try its doors."""

from tests.integration.runs.conftest import order as order
from tests.integration.runs.conftest import publish as publish
from tests.integration.runs.conftest import run_here as run_here
from tests.integration.runs.conftest import stuck as stuck
from tests.integration.runs.conftest import waiting as waiting
