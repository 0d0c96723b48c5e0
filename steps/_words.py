from behave import register_type, use_step_matcher

from harness.words import TYPES

use_step_matcher("parse")
register_type(**TYPES)
