"""Tests of the simulator and of the known answer to its events."""
