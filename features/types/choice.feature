@types
Feature: Choice variables
  A choice is one of a few texts that were named when the variable was registered.

  @T
  Rule: Each of the choices is taken

    Scenario Outline: <value> is chosen
      Given a choice variable "model" holding "gpt-4" with:
        | choices                          |
        | ["gpt-4", "mistral", "llama", ""] |
      When "model" is set to <value>
      Then "model" holds <value> at version 2

      Examples:
        | value    |
        | "mistral" |
        | "gpt-4"  |
        | ""       |

  @T
  Rule: Anything else is refused, be it alike

    Scenario Outline: <value> is none of the choices
      Given a choice variable "model" holding "gpt-4" with:
        | choices                   |
        | ["gpt-4", "mistral", "42"] |
      When "model" is set to <value>
      Then it is refused as invalid, saying "must be one of"
      And "model" still holds "gpt-4" at version 1

      Examples: other texts
        | value    |
        | "gpt-5"  |
        | "GPT-4"  |
        | "gpt-4 " |
        | "gpt"    |
        | ""       |

      Examples: other types
        | value     |
        | 42        |
        | null      |
        | true      |
        | ["gpt-4"] |

    Example: A choice cannot begin outside its choices
      When "model" is registered as a choice holding "gpt-5", under the constraints {"choices": ["gpt-4", "mistral"]}
      Then it is refused as invalid, saying "must be one of"
      And there is no variable "model"
