"""From stored results to tables, figures and one HTML page."""
