"""Rules of going forward: steps become ready, start, end, expand, wait. PURE."""
