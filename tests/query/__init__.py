"""Tests of the query module, most of them over real HTTP."""
