"""Methods without a network, whose parameters are chosen on the validation split."""
