"""Methods that search the latent space of a generator."""
