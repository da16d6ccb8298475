"""What Redis holds is data: RQ, by default, unpickles it, and to unpickle is to run code.

Worker processes, dispatches and RQ's pages name the JSON serializer where RQ asks for one. Some of its code
does not ask (pages of its cron jobs, for a queue that is gone), so the default is replaced as well.
"""

from __future__ import annotations

from rq import serializers


def forbid_pickle() -> None:
    """Makes JSON the only serializer that RQ knows in this process."""
    for name in ("DefaultSerializer", "PickleSerializer"):
        setattr(serializers, name, serializers.JSONSerializer)
    serializers.SERIALIZER_ALIASES["pickle"] = serializers.JSONSerializer
