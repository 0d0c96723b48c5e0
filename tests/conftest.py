"""How many examples hypothesis tries, few at a desk, many with ``HYPOTHESIS_PROFILE=long``; and Ctrl-C."""

import os
import signal

from hypothesis import HealthCheck, settings

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY = settings.get_profile("any")
settings.register_profile("quick", ANY, max_examples=60, stateful_step_count=30)
settings.register_profile("long", ANY, max_examples=3000, stateful_step_count=80)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# What a shell starts in the background ignores Ctrl-C, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
