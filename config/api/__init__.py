"""The REST API as a whole: its routers, its OpenAPI document, its parser and its error handlers."""
