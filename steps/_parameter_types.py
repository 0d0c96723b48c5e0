from behave import register_type, use_step_matcher

from varbridge.conformance.vocabulary.parameter_types import TYPES

use_step_matcher("parse")
register_type(**TYPES)
