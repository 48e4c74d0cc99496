"""Running it: signs of life, readiness, figures, the doctor, backup and restore."""
