"""Device, precision, checkpoints, processes, and arrays to tensors."""
