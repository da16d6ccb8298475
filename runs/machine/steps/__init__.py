"""Rules of going forward: when steps become ready, start, end, expand, wait. PURE."""
