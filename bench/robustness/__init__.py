"""How a classifier behaves on texts that are changed, made to test it, or of another domain."""
