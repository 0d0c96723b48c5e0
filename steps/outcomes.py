"""Steps about what became of the last thing done."""

from behave import then
from hamcrest import assert_that, contains_string, equal_to

from varbridge.conformance.vocabulary.matchers import call_failed, expect, is_refusal, is_tool_failure


@then("it is refused {status}, saying {name}")
def step_refused_saying(context, reason, phrase):
    """The bridge refused with this status and these words."""
    assert_that(context.world.outcome.examine(), is_refusal(reason, phrase))


@then("it is refused {status}")
def step_refused(context, reason):
    """The bridge refused with this status."""
    assert_that(context.world.outcome.examine(), is_refusal(reason))


@then("the refusal also says {name}")
def step_refusal_also_says(context, phrase):
    """The refusal holds these words too."""
    error = context.world.outcome.error
    expect(error is not None, "a refusal", "it was accepted")
    assert_that(str(error), contains_string(phrase), "the refusal")


@then("it is accepted")
def step_accepted(context):
    """The bridge accepted."""
    context.world.require_success()


@then("the tool fails, saying {name}")
def step_tool_fails(context, phrase):
    """The tool itself failed with these words, and without a traceback."""
    error = context.world.outcome.examine()
    assert_that(error, is_tool_failure())
    assert_that(str(error), contains_string(phrase), "the tool's message")
    require_no_traceback(error)


@then("the tool fails")
def step_tool_just_fails(context):
    """The tool itself failed, with some message, and without a traceback."""
    error = context.world.outcome.examine()
    assert_that(error, is_tool_failure())
    expect(bool(str(error)), "the tool's failure to bear a message", "it bears none")
    require_no_traceback(error)


@then("its call fails")
def step_call_fails(context):
    """The call told that the tool failed, be it as a tool's failure or as a refusal."""
    assert_that(context.world.outcome.examine(), call_failed())


def require_no_traceback(error):
    expect(
        "Traceback" not in str(error),
        "the tool's message to be without a traceback",
        f"a traceback in {str(error)!r}",
    )


@then("all are accepted")
def step_all_accepted(context):
    """The bridge accepted what each of the clients did."""
    for outcome in context.world.outcomes:
        outcome.require_success()


@then("exactly one is accepted and the others are refused {status}")
def step_one_accepted(context, reason):
    """Of what the clients did at once, one was accepted."""
    errors = [outcome.examine() for outcome in context.world.outcomes]
    accepted = errors.count(None)
    assert_that(accepted, equal_to(1), f"how many of {len(errors)} were accepted")
    for error in errors:
        if error is not None:
            assert_that(error, is_refusal(reason))
