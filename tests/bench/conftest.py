"""The programs of other environments are no modules of this one: to import them here fails, and changes numpy."""

collect_ignore_glob = ["peers/*"]
