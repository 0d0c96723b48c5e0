"""Settings of the tests: the number of examples that hypothesis tries, and the handling of Ctrl-C.

The default is a few examples; ``HYPOTHESIS_PROFILE=long`` tries many.
"""

import os
import signal

from hypothesis import HealthCheck, settings

# There are no deadlines: the time of an example depends more on the load of the machine than on the code.
settings.register_profile("any", deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANY = settings.get_profile("any")
settings.register_profile("quick", ANY, max_examples=60, stateful_step_count=30)
settings.register_profile("long", ANY, max_examples=3000, stateful_step_count=80)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# A process that a shell starts in the background ignores Ctrl-C, and so would every process of the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Under nohup, every process of the tests would ignore the end of its terminal.
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
