"""Tests of the query module; they call it over real HTTP."""
