"""Scores of images, sets and folders."""
