"""Static files served by the application, so that neither a web server nor collectstatic is needed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise that answers with whole files: under ASGI Django reads a file iterator to its end anyway."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Leaves out the documentation, whose pages have a content policy: `config.docs_site` serves it."""
        if not path.startswith(f"{settings.DOCS_SITE}/"):
            super().add_file_to_dictionary(url, path, stat_cache)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        static_response = static_file.get_response(request.method, request.META)
        content = b""
        if static_response.file is not None:
            with static_response.file:
                content = static_response.file.read()
        response = HttpResponse(content, status=int(static_response.status))
        del response["Content-Type"]
        for name, value in static_response.headers:
            response[name] = value
        return response
