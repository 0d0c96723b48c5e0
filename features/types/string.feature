@types
Feature: String variables
  A string holds any text: prompts, names, templates, in any script.

  @T
  Rule: Every text round-trips

    Scenario Outline: The text <value> round-trips
      When "prompt" is registered as a string holding <value>
      Then "prompt" holds <value> at version 1

      Examples:
        | value                        |
        | "You are a helpful teacher." |
        | ""                           |
        | "naïve café — 東京"          |
        | "🚀 👩‍👩‍👧 ✓"              |
        | "line one\nline two\ttab"    |
        | "a \"quoted\" word \\ slash" |
        | "\u0000\u001f"               |
        | "null"                       |

    Example: A text of a million characters round-trips
      Given a string variable "prompt" holding "short"
      When "prompt" is set to a text of 1000000 characters
      Then it is accepted
      And "prompt" holds a text of 1000000 characters at version 2

  @T
  Rule: Only texts are strings

    Scenario Outline: A string variable refuses <value>
      Given a string variable "prompt" holding "hello"
      When "prompt" is set to <value>
      Then it is refused as invalid, saying "must be a string"
      And "prompt" still holds "hello" at version 1

      Examples:
        | value     |
        | null      |
        | 42        |
        | true      |
        | ["hello"] |
        | {}        |

    Example: A string variable cannot be registered with null
      When "prompt" is registered as a string holding null
      Then it is refused as invalid, saying "must be a string"
      And there is no variable "prompt"
