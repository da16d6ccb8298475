"""Reading runs: lookups, JSON, snapshots, the journal. Nothing here writes or decides."""
