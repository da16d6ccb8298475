"""Worker processes: crashes, async steps, presence, rolling out."""
