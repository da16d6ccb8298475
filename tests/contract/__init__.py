"""Files that Python and TypeScript, or an old and a new version, must read alike."""
