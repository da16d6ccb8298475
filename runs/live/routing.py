"""Addresses of the sockets."""

from __future__ import annotations

from django.urls import path

from runs.live.consumers import InterventionsConsumer, RunConsumer, RunsConsumer

websocket_urlpatterns = [
    path("ws/runs/<uuid:run_id>/", RunConsumer.as_asgi()),
    path("ws/runs/", RunsConsumer.as_asgi()),
    path("ws/interventions/", InterventionsConsumer.as_asgi()),
]
