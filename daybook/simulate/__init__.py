"""A storefront's traffic, made up from a seed, and the answer that must come out of it."""
