"""Benches of the ground; the plain ways live here and nowhere in the product."""
