@types
Feature: Boolean variables
  A boolean is true or false. Numbers and texts that other languages treat as booleans are refused.

  @T @T.1
  Rule: Booleans round-trip

    Scenario Outline: The boolean <value> round-trips
      When "streaming" is registered as a boolean holding <value>
      Then "streaming" holds <value> at version 1

      Examples:
        | value |
        | true  |
        | false |

    Example: A boolean can be changed
      Given a boolean variable "streaming" holding true
      When "streaming" is set to false
      Then "streaming" holds false at version 2

  @T @V3 @T.3 @T.6
  Rule: Only true and false are booleans

    Scenario Outline: A boolean variable refuses <value>
      Given a boolean variable "streaming" holding true
      When "streaming" is set to <value>
      Then it is refused as invalid, saying "must be a boolean"
      And "streaming" still holds true at version 1

      Examples:
        | value   |
        | 0       |
        | 1       |
        | 0.0     |
        | "true"  |
        | "false" |
        | null    |
        | []      |

    Example: A boolean variable cannot be registered with another type of value
      When "streaming" is registered as a boolean holding 1
      Then it is refused as invalid, saying "must be a boolean"
      And there is no variable "streaming"

    @V3.1
    Scenario Outline: The text <text>, which is not JSON, is refused as a boolean
      Given a boolean variable "streaming" holding false
      When "streaming" is set to the text `<text>`
      Then it is refused as invalid
      And "streaming" still holds false at version 1

      Examples:
        | text |
        | True |
        | TRUE |
        | yes  |
