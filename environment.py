"""behave's hooks: wiring, and nothing else."""

from harness import guards, tags
from harness.target import Target
from harness.verdict import VerdictReporter
from harness.world import World


def before_all(context):
    features = context._runner.features
    context.evidence = {}
    context.target = Target.from_options(context.config.userdata)
    tags.narrow(context.config)
    guards.check_features(features)
    guards.check_selection(features, context.config)
    context.config.reporters.append(VerdictReporter(context.config, context.evidence))
    if not context.config.dry_run:
        context.target.connection()


def before_scenario(context, scenario):
    context.world = World(context.target)
    lacking = {
        tag for tag in scenario.effective_tags if tag in tags.CAPABILITIES
    } - context.target.capabilities
    if lacking:
        scenario.skip(f"needs {', '.join(tags.CAPABILITIES[tag] for tag in sorted(lacking))}")


def after_scenario(context, scenario):
    world = context.world
    try:
        if scenario.status == "passed":
            world.check()
    finally:
        world.close()
        context.evidence[scenario] = world.evidence()


def after_all(context):
    context.target.stop()
