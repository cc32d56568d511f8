"""The network ISPL (paper, eqs. 6-10) and its variants."""
