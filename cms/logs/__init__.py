"""Log lines: one shape for all processes, an id for each request and job, nothing personal."""
