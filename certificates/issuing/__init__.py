"""Certificates: numbers, frozen snapshots, files, verification."""
