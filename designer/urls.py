"""URL patterns of the pages of workflows."""

from __future__ import annotations

from django.urls import path

from designer.web import views

urlpatterns = [
    path("workflows/", views.workflow_list, name="workflow-list"),
    path("new-workflow/", views.workflow_new, name="workflow-new"),
    path("import-workflow/", views.workflow_import, name="workflow-import"),
    path("workflows/<str:name>/edit/", views.workflow_edit, name="workflow-edit"),
    path("workflows/<str:name>/export/<str:written>/", views.workflow_export, name="workflow-export"),
    path("workflows/<str:name>/", views.workflow_detail, name="workflow-detail"),
]
