"""A user's own question: methods that come ready, on test sets of the user's own."""
