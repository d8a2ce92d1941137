"""Generates a storefront's traffic from a seed, and computes the known answer to it."""
