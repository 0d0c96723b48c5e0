@constraints
Feature: Numeric bounds
  A minimum and a maximum keep a number in its useful range: a temperature between 0 and 2, a token limit between
  1 and 4096.

  @K1 @K1.2
  Rule: A number within its bounds is accepted, and so are the bounds themselves

    Scenario Outline: A temperature of <value> is accepted
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0.0 | 2.0 |
      When "temperature" is set to <value>
      Then "temperature" holds <value> at version 2

      Examples: within
        | value |
        | 1.0   |
        | 0.001 |

      Examples: on the bounds
        | value |
        | 0.0   |
        | 2.0   |
        | -0.0  |

    Scenario Outline: A limit of <value> tokens is accepted
      Given an integer variable "max_tokens" holding 256 with:
        | min | max  |
        | 1   | 4096 |
      When "max_tokens" is set to <value>
      Then "max_tokens" holds <value> at version 2

      Examples:
        | value |
        | 1     |
        | 4096  |
        | 512   |

    Example: A bound beyond the precision of doubles is exact
      Given an integer variable "seed" holding 1 with:
        | max              |
        | 9007199254740993 |
      When "seed" is set to 9007199254740993
      Then "seed" holds 9007199254740993 at version 2

    @K1.1
    Scenario Outline: <value> is accepted by a variable with only a <bound>
      Given a float variable "score" holding 0.5 with:
        | <bound> |
        | 0.5     |
      When "score" is set to <value>
      Then "score" holds <value> at version 2

      Examples:
        | value     | bound |
        | Infinity  | min   |
        | -Infinity | max   |

  @K1 @K1.1
  Rule: A number outside its bounds is refused

    Scenario Outline: A temperature of <value> is refused
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0.0 | 2.0 |
      When "temperature" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "temperature" still holds 0.7 at version 1

      Examples: below the minimum
        | value     | because          |
        | -0.001    | is below minimum |
        | -5e-324   | is below minimum |
        | -Infinity | is below minimum |

      Examples: above the maximum
        | value              | because          |
        | 2.001              | is above maximum |
        | 2.0000000000000004 | is above maximum |
        | Infinity           | is above maximum |

    Scenario Outline: A limit of <value> tokens is refused
      Given an integer variable "max_tokens" holding 256 with:
        | min | max  |
        | 1   | 4096 |
      When "max_tokens" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "max_tokens" still holds 256 at version 1

      Examples:
        | value | because          |
        | 0     | is below minimum |
        | 4097  | is above maximum |

    Example: A number that exceeds a large bound by one is refused
      Given an integer variable "seed" holding 1 with:
        | max              |
        | 9007199254740992 |
      When "seed" is set to 9007199254740993
      Then it is refused as invalid, saying "is above maximum"
      And "seed" still holds 1 at version 1

    Example: A variable cannot be registered with a value above its maximum
      When "temperature" is registered as a float holding 2.5, under the constraints {"min": 0.0, "max": 2.0}
      Then it is refused as invalid, saying "is above maximum"
      And there is no variable "temperature"

  @K1 @K1.3
  Rule: NaN is outside every bound

    Scenario Outline: NaN is refused by a variable with only a <bound>
      Given a float variable "score" holding 0.5 with:
        | <bound> |
        | 0.5     |
      When "score" is set to NaN
      Then it is refused as invalid
      And "score" still holds 0.5 at version 1

      Examples:
        | bound |
        | min   |
        | max   |
