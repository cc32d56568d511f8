"""One degradation each: a frozen dataclass that is called on an image."""
