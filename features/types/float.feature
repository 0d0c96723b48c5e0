@types
Feature: Float variables
  A float holds any number of double precision, to the last bit. Learning rates, temperatures and scores are floats;
  values that are not numbers are refused.

  @T @V2
  Rule: Every double round-trips

    @V2.1 @V2.2 @T.1
    Scenario Outline: A float variable can be registered with <value>
      When "score" is registered as a float holding <value>
      Then "score" holds <value> at version 1

      Examples: ordinary numbers
        | value   |
        | 0.1     |
        | -273.15 |
        | 6.02e23 |

      Examples: the edges of double precision
        | value                   |
        | 5e-324                  |
        | 2.2250738585072014e-308 |
        | 1.7976931348623157e308  |
        | 0.30000000000000004     |
        | -0.0                    |
        | 0.0                     |

      Examples: what is beyond numbers
        | value     |
        | NaN       |
        | Infinity  |
        | -Infinity |

    @V2.1 @V2.2
    Scenario Outline: A float variable can be set to <value>
      Given a float variable "score" holding 0.5
      When "score" is set to <value>
      Then "score" holds <value> at version 2

      Examples:
        | value              |
        | 0.7000000000000001 |
        | 0.9999999999999999 |
        | 1e-23              |
        | 6.02E+23           |
        | -0.0               |
        | NaN                |
        | -Infinity          |

    @V2.1 @V2.2
    Scenario Outline: The float <written>, which has more digits than a double, is the nearest double
      Given a float variable "score" holding 0.5
      When "score" is set to <written>
      Then "score" holds <value> at version 2

      Examples:
        | written                                                   | value |
        | 0.1000000000000000055511151231257827021181583404541015625 | 0.1   |
        | 0.30000000000000000000000000000000000000000000000000      | 0.3   |
        | 1000000000000000000000000000000000000000000000000.0       | 1e48  |

    @V2.3
    Scenario Outline: The integer <value> given to a float variable is widened
      When "score" is registered as a float holding <value>
      Then "score" holds <widened> at version 1

      Examples:
        | value                 | widened |
        | 1                     | 1.0     |
        | 100000000000000000000 | 1e20    |

  @T @T.2 @T.6
  Rule: Only numbers are floats

    Scenario Outline: A float variable refuses <value>
      Given a float variable "score" holding 0.5
      When "score" is set to <value>
      Then it is refused as invalid, saying "must be a number"
      And "score" still holds 0.5 at version 1

      Examples: truth values
        | value |
        | true  |
        | false |

      Examples: text, even where it looks like a number
        | value      |
        | "0.5"      |
        | "nan"      |
        | "infinity" |
        | ""         |

      Examples: anything else
        | value |
        | null  |
        | [0.5] |
        | {}    |

    Example: A float variable cannot be registered with a boolean
      When "score" is registered as a float holding true
      Then it is refused as invalid, saying "must be a number"
      And there is no variable "score"
