"""Figures over all rooms: ledgers and summaries."""
