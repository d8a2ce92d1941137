"""Audience segments: who is a member at every moment, by filters over what a person did."""
