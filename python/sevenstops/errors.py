"""The one exception that the command line turns into one sentence."""


class LabError(Exception):
    """Something outside the lab is wrong: a taken port, a missing program, a bad option."""
