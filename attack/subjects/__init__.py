"""The attacks, one file a subject: each is one function that is given the target."""
