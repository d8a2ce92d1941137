"""Measures how fast Daybook is, next to simpler programs: paired runs with checked totals."""
