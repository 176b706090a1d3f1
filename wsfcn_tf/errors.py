"""The one exception that a user's mistake ends in."""


class UserError(Exception):
    """A mistake the user can mend: its message is one line saying what is wrong, where, and what to do.

    The command line prints the message without a traceback and exits with status 2.
    """
