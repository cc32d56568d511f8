"""One analysis as a page and as rows."""
