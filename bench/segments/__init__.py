"""Measures the group `segment`: both stages, on real servers."""
