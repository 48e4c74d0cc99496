"""Use cases of the refresher."""
