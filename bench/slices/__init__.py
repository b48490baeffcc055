"""Slices of the test texts: where a model does worse, or better, than on the rest."""
