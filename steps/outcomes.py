"""Steps about the answer or the refusal of the last call."""

from behave import then
from hamcrest import assert_that, contains_string, equal_to

from varbridge.conformance.invariants.replies import STACK
from varbridge.conformance.scenario.prerequisites import OUTCOME, OUTCOMES, needs
from varbridge.conformance.vocabulary.matchers import call_failed, expect, is_refusal, is_tool_failure


@then("it is accepted")
@needs(OUTCOME)
def step_accepted(context):
    """Check that the last call was accepted."""
    context.world.outcome.require_accepted()


@then("it is refused {status}")
@needs(OUTCOME)
def step_refused(context, status):
    """Check that the last call was refused with this status."""
    assert_that(context.world.outcome.examine(), is_refusal(status))


@then("it is refused {status}, saying {text}")
@needs(OUTCOME)
def step_refused_saying(context, status, phrase):
    """Check that the last call was refused with this status, and with a message that contains this phrase."""
    assert_that(context.world.outcome.examine(), is_refusal(status, phrase))


@then("the refusal also says {text}")
@needs(OUTCOME)
def step_refusal_also_says(context, phrase):
    """Check that the message of the last refusal contains this phrase as well."""
    error = context.world.outcome.error
    expect(error is not None, "a refusal", "it was accepted")
    assert_that(str(error), contains_string(phrase), "the refusal")


@then("the tool fails")
@needs(OUTCOME)
def step_tool_fails(context):
    """Check that the tool itself failed, with a message that is not empty and has no traceback."""
    message = tool_failure(context)
    expect(bool(message), "the tool's failure to have a message", "it has none")


@then("the tool fails, saying {text}")
@needs(OUTCOME)
def step_tool_fails_saying(context, phrase):
    """Check that the tool itself failed, with a message that contains a phrase and has no traceback."""
    assert_that(tool_failure(context), contains_string(phrase), "the tool's message")


def tool_failure(context):
    error = context.world.outcome.examine()
    assert_that(error, is_tool_failure())
    require_no_stack(str(error), "the tool's message")
    return str(error)


def require_no_stack(message, subject):
    expect(not STACK.search(message), f"{subject} to be without a stack", f"it is {message!r}")


@then("the refusal has no stack")
@needs(OUTCOME)
def step_no_stack(context):
    """Check that the message of the last refusal has no traceback."""
    require_no_stack(str(context.world.outcome.examine()), "the refusal")


@then("its call fails")
@needs(OUTCOME)
def step_call_fails(context):
    """Check that the last call reports the tool's failure, as a result or as a refusal."""
    assert_that(context.world.outcome.examine(), call_failed())


@then("all are accepted")
@needs(OUTCOMES)
def step_all_accepted(context):
    """Check that the bridge accepted the calls of all clients."""
    for outcome in context.world.outcomes:
        outcome.require_accepted()


@then("exactly one is accepted and the others are refused {status}")
@needs(OUTCOMES)
def step_one_accepted(context, status):
    """Check that the bridge accepted the call of one client, and refused those of the others."""
    errors = [outcome.examine() for outcome in context.world.outcomes]
    assert_that(errors.count(None), equal_to(1), f"how many of {len(errors)} were accepted")
    for error in errors:
        if error is not None:
            assert_that(error, is_refusal(status))
