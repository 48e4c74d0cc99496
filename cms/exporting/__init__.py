"""Exports: declared tables, written row by row as XLSX or CSV, each on record with its reason."""
