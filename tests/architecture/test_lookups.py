"""The newest published version of a workflow is found by one query, `designer.services.queries`."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from tests.architecture.source import product_trees

OWN_QUERY = re.compile(r"""order_by\(\s*["']-number["']|\.versions\.(?:first|latest)\(""")
HOME = "designer/services/queries.py"


def test_the_newest_version_is_asked_for_in_one_place() -> None:
    root = Path(settings.BASE_DIR)
    places = {path: len(OWN_QUERY.findall((root / path).read_text())) for path in product_trees()}
    assert {name: count for name, count in places.items() if count} == {HOME: 1}
