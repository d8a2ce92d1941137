"""Tests of the reports on funnels and their visitors."""
