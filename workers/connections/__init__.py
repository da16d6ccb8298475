"""Connections and secrets: where outside services are, and how to sign in to them. Workers use them by name.

`service` is the only writer. `opening` reads them for a worker; `network`, `http` and `databases` use them.
"""
