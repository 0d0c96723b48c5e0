@types
Feature: Module variables
  A module variable names a strategy by the path of its module. The bridge keeps the name and never
  imports what it names.

  @T
  Rule: The name of a module is kept and not looked up

    Scenario Outline: <value> is kept
      When "strategy" is registered as a module holding <value>
      Then "strategy" holds <value> at version 1

      Examples:
        | value                          |
        | "dspy.ChainOfThought"          |
        | "Elixir.DSPex.Predict"         |
        | "no.such.module.anywhere_9471" |

    Example: One of the allowed modules is taken
      Given a module variable "strategy" holding "Predict" with:
        | choices                       |
        | ["Predict", "ChainOfThought"] |
      When "strategy" is set to "ChainOfThought"
      Then "strategy" holds "ChainOfThought" at version 2

  @T
  Rule: A module that is not allowed is refused

    Scenario Outline: "ReAct" is not allowed by <key>
      Given a module variable "strategy" holding "Predict" with:
        | <key>                         |
        | ["Predict", "ChainOfThought"] |
      When "strategy" is set to "ReAct"
      Then it is refused as invalid, saying "must be one of the allowed modules"
      And "strategy" still holds "Predict" at version 1

      Examples:
        | key             |
        | choices         |
        | allowed_modules |

    Scenario Outline: <value> is no name of a module
      Given a module variable "strategy" holding "Predict"
      When "strategy" is set to <value>
      Then it is refused as invalid
      And "strategy" still holds "Predict" at version 1

      Examples:
        | value       |
        | 42          |
        | null        |
        | ["Predict"] |
