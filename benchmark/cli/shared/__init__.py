"""What several commands share: options, the question that is asked, and what is said at the end."""
