"""What no group needs to know: poll, decode, fold, store, commit. Knows no topic and no model."""
