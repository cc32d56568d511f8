"""Methods, metrics and protocols: who restores what, how well, and how sure we are."""
