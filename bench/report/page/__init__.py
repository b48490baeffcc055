"""`index.html`: what it says as one JSON document, and the few scripts that show it."""
