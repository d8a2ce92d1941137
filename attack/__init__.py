"""Attacks a fleet of Daybook's own, to show that no message, caller or outage stops it."""
