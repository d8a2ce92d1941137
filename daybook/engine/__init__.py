"""Everything the groups share: poll, decode, fold, store, commit; it knows no topic or model."""
