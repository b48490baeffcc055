"""The PNG figures of a report: one file a figure, its data computed once, drawn by matplotlib."""
