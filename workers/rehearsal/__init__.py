"""The rehearsal: a workflow is run by its real workers in a sandbox, and each of its steps fails once.

`service` gathers what a rehearsal needs and starts its process, which `sandbox` holds; `keeping` keeps what
it finds.
"""
