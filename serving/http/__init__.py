"""An artifact behind HTTP."""
