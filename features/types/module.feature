@types
Feature: Module variables
  A module variable names a strategy by the path of its module. The bridge stores the name and never imports the
  module.

  @T
  Rule: The name of a module is stored and not imported

    @T.9
    Scenario Outline: The module name <value> round-trips
      When "strategy" is registered as a module holding <value>
      Then "strategy" holds <value> at version 1

      Examples:
        | value                          |
        | "dspy.ChainOfThought"          |
        | "Elixir.DSPex.Predict"         |
        | "no.such.module.anywhere_9471" |

    @T.3
    Example: A module variable can be set to one of its allowed modules
      Given a module variable "strategy" holding "Predict" with:
        | choices                       |
        | ["Predict", "ChainOfThought"] |
      When "strategy" is set to "ChainOfThought"
      Then "strategy" holds "ChainOfThought" at version 2

  @T @T.3
  Rule: A value that does not name an allowed module is refused

    Scenario Outline: The module <value>, which is not listed in <key>, is refused
      Given a module variable "strategy" holding "Predict" with:
        | <key>                         |
        | ["Predict", "ChainOfThought"] |
      When "strategy" is set to <value>
      Then it is refused as invalid, saying "must be one of the allowed modules"
      And "strategy" still holds "Predict" at version 1

      Examples:
        | key             | value            |
        | choices         | "ReAct"          |
        | choices         | "Elixir.Predict" |
        | choices         | "Predict "       |
        | choices         | ""               |
        | allowed_modules | "ReAct"          |
        | allowed_modules | "predict"        |

    Scenario Outline: A module variable refuses <value>
      Given a module variable "strategy" holding "Predict"
      When "strategy" is set to <value>
      Then it is refused as invalid, saying "must be one of the allowed modules"
      And "strategy" still holds "Predict" at version 1

      Examples:
        | value       |
        | 42          |
        | true        |
        | null        |
        | ["Predict"] |
