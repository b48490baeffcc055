"""From a list of runs to stored results: plan, launch workers, score, measure."""
