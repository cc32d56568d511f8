"""Recipes draw chains of operators; the project's own are the files in presets/."""
