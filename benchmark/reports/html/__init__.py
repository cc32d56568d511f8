"""A page that people look at: tables, charts and pictures of an evaluation or a profile, without a server."""
