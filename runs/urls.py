"""Addresses of the pages of runs."""

from __future__ import annotations

from django.urls import path

from runs import fileviews, listviews, triggerviews, views

urlpatterns = [
    path("workflows/<str:name>/triggers/", triggerviews.trigger_list, name="trigger-list"),
    path("workflows/<str:name>/triggers/<int:pk>/<str:act>/", triggerviews.trigger_act, name="trigger-act"),
    path("", listviews.home, name="home"),
    path("workflows/<str:name>/start/", views.run_start, name="run-start"),
    path("runs/", listviews.run_list, name="run-list"),
    path("runs/bulk/", listviews.run_bulk, name="run-bulk"),
    path("runs/bulk/do/", listviews.run_bulk_do, name="run-bulk-do"),
    path("open-run/", fileviews.run_open, name="run-open"),
    path("runs/<uuid:run_id>/remove/", fileviews.run_remove, name="run-remove"),
    path("runs/<uuid:run_id>/", views.run_detail, name="run-detail"),
    path("runs/<uuid:run_id>/panel/", views.run_panel, name="run-panel"),
    path("runs/<uuid:run_id>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/rollback/", views.run_rollback, name="run-rollback"),
    path("runs/<uuid:run_id>/signal/", views.run_signal, name="run-signal"),
    path("runs/<uuid:run_id>/steps/<str:step>/approve/", views.run_approve, name="run-approve"),
    path("interventions/<int:pk>/answer/", views.intervention_answer, name="intervention-answer"),
]
