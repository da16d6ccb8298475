"""The documentation at /docs/, as `make docs` built it: one folder of files, open to everybody."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils._os import safe_join
from django.views.decorators.http import require_safe

NOT_FOUND = 404
HASHED = "assets/"  # names of files below it contain a hash of what is in them
KEPT = "max-age=31536000, immutable"
# The style sheet that the search box puts into its shadow tree. It changes with Zensical: the browser then
# refuses the new one and says its hash, and the test in a browser fails.
SEARCH_STYLES = "'sha256-NwSx/R2V/U4jnW0Tq5pQ53Y/rzPVJ4dqE7D6UTA/J1k='"
TYPES = {".json": "application/json", ".jsonl": "application/jsonl", ".svg": "image/svg+xml"}


@require_safe
@csp_update({"style-src": [SEARCH_STYLES]})
def docs_page(request: HttpRequest, address: str = "") -> HttpResponseBase:
    if not (settings.DOCS_SITE / "index.html").is_file():
        return render(request, "docs_missing.html", status=NOT_FOUND)
    path = _found(address)
    if path.is_dir():
        if not request.path.endswith("/"):
            return redirect(f"{request.path}/")
        path = path / "index.html"
    if not path.is_file():
        raise Http404("the documentation has no such page")
    if path.suffix == ".html":
        return _page(request, path)
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    response = HttpResponse(path.read_bytes(), content_type=kind or "application/octet-stream")
    response["Cache-Control"] = KEPT if address.startswith(HASHED) else "no-cache"
    return response


def _found(address: str) -> Path:
    """The file or folder at the address. Raises Http404 for one that no file can have."""
    try:
        path = Path(safe_join(settings.DOCS_SITE, address))
        path.exists()
    except (SuspiciousFileOperation, OSError, ValueError) as error:
        raise Http404("the documentation has no such page") from error
    return path


def _page(request: Any, path: Path) -> HttpResponse:
    """A page whose few inline scripts carry this answer's nonce, as the policy of all pages wants.

    It is never kept: a kept page would have the nonce of an earlier answer.
    """
    html = path.read_text(encoding="utf-8").replace("<script>", f'<script nonce="{request.csp_nonce}">')
    response = HttpResponse(html)
    response["Cache-Control"] = "no-store"
    return response
