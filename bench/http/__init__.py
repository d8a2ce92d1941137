"""Puts HTTP services under load, and provides a bare endpoint as their yardstick."""
