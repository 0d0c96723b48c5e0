"""behave's hooks: wiring, and nothing else.

What comes before the first scenario and after the last is the runner's business: harness/runner.py.
"""


def before_scenario(context, scenario):
    try:
        context.world = context.judging.begin(scenario)
    except Exception as error:
        context.judging.hook_failed("before_scenario", error)
        raise


def after_scenario(context, scenario):
    try:
        context.judging.end(scenario)
    except Exception as error:
        context.judging.hook_failed("after_scenario", error)
        raise
