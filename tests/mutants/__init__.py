"""Seeded bugs: what the tests are worth is how many of them they catch."""
