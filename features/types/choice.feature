@types
Feature: Choice variables
  A choice is one of the texts that its registration lists.

  @T
  Rule: Every listed choice is accepted

    Scenario Outline: The listed choice <value> is accepted
      Given a choice variable "model" holding "gpt-4" with:
        | choices                           |
        | ["gpt-4", "mistral", "llama", ""] |
      When "model" is set to <value>
      Then "model" holds <value> at version 2

      Examples:
        | value     |
        | "mistral" |
        | "gpt-4"   |
        | ""        |

  @T
  Rule: Values that are not listed are refused

    Scenario Outline: A choice variable refuses <value>, which is not listed
      Given a choice variable "model" holding "gpt-4" with:
        | choices                    |
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

    Example: A choice variable cannot be registered with a value that is not listed
      When "model" is registered as a choice holding "gpt-5", under the constraints {"choices": ["gpt-4", "mistral"]}
      Then it is refused as invalid, saying "must be one of"
      And there is no variable "model"
