"""Faults on real servers, each crossed with every check."""
