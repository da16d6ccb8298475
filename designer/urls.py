"""URL patterns of the pages of workflows."""

from __future__ import annotations

from django.urls import path

from designer.web import connection_views, document_views, shelf_views, views

urlpatterns = [
    path("workflows/", shelf_views.workflow_list, name="workflow-list"),
    path("new-workflow/", views.workflow_new, name="workflow-new"),
    path("import-workflow/", views.workflow_import, name="workflow-import"),
    path("move-workflows/", shelf_views.workflow_move, name="workflow-move"),
    path("workflow-folders/<int:folder_id>/", shelf_views.folder_change, name="folder-change"),
    path("workflows/<str:name>/duplicate/", shelf_views.workflow_duplicate, name="workflow-duplicate"),
    path("workflows/<str:name>/archive/", shelf_views.workflow_archive, name="workflow-archive"),
    path("workflows/<str:name>/delete/", shelf_views.workflow_delete, name="workflow-delete"),
    path("workflows/<str:name>/favourite/", shelf_views.workflow_favour, name="workflow-favour"),
    path("workflows/<str:name>/edit/", views.workflow_edit, name="workflow-edit"),
    path("workflows/<str:name>/export/<str:written>/", views.workflow_export, name="workflow-export"),
    path("connections/", connection_views.connection_list, name="connection-list"),
    path("connections/<str:name>/", connection_views.connection_detail, name="connection-detail"),
    path("connections/<str:name>/test/", connection_views.connection_test, name="connection-test"),
    path("connections/<str:name>/remove/", connection_views.connection_remove, name="connection-remove"),
    path("new-connection/", connection_views.connection_new, name="connection-new"),
    path("secrets/<str:name>/", connection_views.secret_detail, name="secret-detail"),
    path("secrets/<str:name>/remove/", connection_views.secret_remove, name="secret-remove"),
    path("new-secret/", connection_views.secret_new, name="secret-new"),
    path("connections/<str:name>/document/", document_views.document_detail, name="document-detail"),
    path("connections/<str:name>/document/remove/", document_views.document_remove, name="document-remove"),
    path("workflows/<str:name>/", views.workflow_detail, name="workflow-detail"),
]
