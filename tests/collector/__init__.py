"""The collector: its rules as tables of cases, and HTTP calls with real servers."""
