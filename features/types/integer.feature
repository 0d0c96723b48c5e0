@types
Feature: Integer variables
  An integer is a whole number of 64 bits. It is never converted to a double, so that counters, seeds and identifiers
  keep every digit.

  @T @V2
  Rule: Every 64-bit integer round-trips

    @V2.1 @V2.2 @T.1
    Scenario Outline: An integer variable can be registered with <value>
      When "seed" is registered as an integer holding <value>
      Then "seed" holds <value> at version 1

      Examples: ordinary numbers
        | value |
        | 42    |
        | 0     |
        | -7    |

      Examples: what a double cannot hold
        | value             |
        | 9007199254740993  |
        | -9007199254740993 |

      Examples: the edges of 64 bits
        | value                |
        | 9223372036854775807  |
        | -9223372036854775808 |

    @V2.2
    Example: An integer variable can be set to a number that no double holds
      Given an integer variable "seed" holding 1
      When "seed" is set to 9007199254740993
      Then "seed" holds 9007199254740993 at version 2

    @V2.1 @V2.3
    Scenario Outline: The whole number <written> is the integer <value>
      Given an integer variable "seed" holding 1
      When "seed" is set to <written>
      Then "seed" holds <value> at version 2

      Examples: with a fraction, with an exponent
        | written                | value                |
        | 42.0                   | 42                   |
        | 1e3                    | 1000                 |
        | 1E3                    | 1000                 |
        | 1.5e3                  | 1500                 |
        | 1200e-2                | 12                   |
        | 100.0                  | 100                  |
        | -70.00                 | -70                  |
        | 0.0                    | 0                    |
        | 1e6                    | 1000000              |
        | 123456789.0            | 123456789            |
        | 1e18                   | 1000000000000000000  |
        | -9223372036854775808.0 | -9223372036854775808 |

  @T @T.2
  Rule: Only whole numbers are integers

    @T.6
    Scenario Outline: An integer variable refuses <value>
      Given an integer variable "max_tokens" holding 256
      When "max_tokens" is set to <value>
      Then it is refused as invalid, saying "<because>"
      And "max_tokens" still holds 256 at version 1

      Examples: numbers with a fraction
        | value | because                |
        | 42.5  | must be a whole number |
        | -0.1  | must be a whole number |
        | 5e-1  | must be a whole number |
        | 15e-1 | must be a whole number |

      Examples: beyond 64 bits
        | value                 | because            |
        | 9223372036854775808   | must be an integer |
        | -9223372036854775809  | must be an integer |
        | 9223372036854775808.0 | must be an integer |
        | 1e300                 | must be an integer |

      Examples: no numbers
        | value      | because            |
        | true       | must be an integer |
        | false      | must be an integer |
        | "42"       | must be an integer |
        | "NaN"      | must be an integer |
        | "Infinity" | must be an integer |
        | null       | must be an integer |
        | [42]       | must be an integer |

    Example: An integer variable cannot be registered with a fraction
      When "max_tokens" is registered as an integer holding 42.5
      Then it is refused as invalid, saying "must be a whole number"
      And there is no variable "max_tokens"
