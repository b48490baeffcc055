"""Published encoders whose every file is known by its SHA-256: where they can be had, brought here, verified."""
