"""Confidence that can be relied on, fitted on validation: calibration, abstention, prediction sets, label weights."""
