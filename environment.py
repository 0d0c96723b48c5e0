"""behave's hooks, which call the conformance run.

The runner in varbridge/conformance/run/runner.py handles everything before the first scenario and after the
last.
"""

from varbridge.conformance.run.environment import require_runner


def before_all(context):
    require_runner(context)


def before_scenario(context, scenario):
    try:
        context.world = context.conformance_run.begin(scenario)
    except Exception as error:
        context.conformance_run.hook_failed("before_scenario", error)
        raise


def before_step(context, step):
    context.world.step_type = step.step_type


def after_step(context, step):
    context.conformance_run.end_step(step)


def after_scenario(context, scenario):
    try:
        context.conformance_run.end(scenario)
    except Exception as error:
        context.conformance_run.hook_failed("after_scenario", error)
        raise
