"""Methods from outside: folders, programs, functions, model files."""
