"""What is asked: the files of protocols/ as values."""
