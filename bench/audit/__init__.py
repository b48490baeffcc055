"""What labels are worth: who made them, which are wrong, whether there are enough."""
