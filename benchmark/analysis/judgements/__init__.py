"""Sentences and expectations, judged by numbers."""
