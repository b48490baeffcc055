"""Learning from the stream: labelled feedback, weak labels, updates that must prove themselves."""
