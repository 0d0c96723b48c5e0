"""Steps about random walks, which compare a bridge with the model of the contract."""

from behave import then, when
from hamcrest import assert_that

from varbridge.conformance.scenario.prerequisites import Fact, needs, provides
from varbridge.conformance.scenario.walks import take_walks
from varbridge.conformance.vocabulary.matchers import no_faults

WALKS = Fact("random walks", "When three clients take random walks about …")


@when("three clients take random walks about {walks}")
@provides(WALKS)
def step_walk(context, subject):
    """Take random walks: the actions of three clients in two sessions, each compared with the model."""
    take_walks(context.world, subject)


@then("every answer and every update is as the contract says")
@needs(WALKS)
def step_no_divergence(context):
    """Check that no walk diverged from the model; the reports have a scenario for each divergence."""
    assert_that([divergence.sentence for divergence in context.world.divergences], no_faults())
