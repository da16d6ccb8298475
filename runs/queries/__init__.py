"""Reading runs: lookups, JSON forms, snapshots, the journal."""
