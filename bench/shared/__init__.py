"""Stores behind a URL, that machines share: object storage, and PostgreSQL with artifacts beside it."""
