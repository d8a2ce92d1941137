"""How fast a group counts, beside what one would write without it: paired runs, checked totals."""
