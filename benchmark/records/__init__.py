"""Score lines and run files: all that passes from runs to analysis."""
