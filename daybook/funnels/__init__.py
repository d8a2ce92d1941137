"""From what a visitor did to what it counts: pure functions, as docs/funnels.md has them."""
