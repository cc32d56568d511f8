"""What writes records: splits, checkpoints, restoring and scoring."""
