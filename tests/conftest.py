"""How many examples hypothesis tries, few at a desk, many with ``HYPOTHESIS_PROFILE=long``; and Ctrl-C."""

import os
import signal

from hypothesis import settings

settings.register_profile("quick", max_examples=60, stateful_step_count=30, deadline=None)
settings.register_profile("long", max_examples=3000, stateful_step_count=80, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# What a shell starts in the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
