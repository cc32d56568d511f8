"""An evaluation as tables and figures."""
