"""Fixed words of score lines: what stands in place of a profile, and how the reason of a missing number begins."""

EVALUATION = "evaluation"  # the profile of a user's own evaluation, which has none
UNAVAILABLE = "unavailable: "  # the metric cannot be loaded: weights or packages are missing
NOT_RESTORED, NOT_COMPUTED = "not restored", "not computed"  # something broke


def is_failure(error: str) -> bool:
    """Whether something broke, other than a metric that has no value for such an image."""
    return error.startswith((NOT_RESTORED, NOT_COMPUTED))


def is_unavailable(error: str) -> bool:
    """Whether the metric could not be loaded."""
    return error.startswith(UNAVAILABLE)
