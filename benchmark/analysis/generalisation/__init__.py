"""The paper's Table 3: S2S, S2R and R2R, and the gap between the domains."""
