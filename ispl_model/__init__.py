"""The reference restoration network (ISPL), its training and its use."""
