"""Many runs: all that the tables need, and how long it takes."""
