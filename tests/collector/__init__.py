"""The collector: its rules as tables, and real calls on real servers."""
