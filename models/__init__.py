"""The stored documents: one file for each family, whose fields declare how they are counted."""
