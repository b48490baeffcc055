"""Runs of what was made elsewhere: predictions of anyone's, models that others have trained."""
