@types
Feature: Boolean variables
  A boolean is true or false, and nothing that other languages take for one.

  @T
  Rule: True and false come back as they went in

    Scenario Outline: <value> is kept
      When "streaming" is registered as a boolean holding <value>
      Then "streaming" holds <value> at version 1

      Examples:
        | value |
        | true  |
        | false |

    Example: A boolean is switched
      Given a boolean variable "streaming" holding true
      When "streaming" is set to false
      Then "streaming" holds false at version 2

  @T
  Rule: What only looks like true or false is refused

    Scenario Outline: <value> is no boolean
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

    Example: A boolean cannot begin as something else
      When "streaming" is registered as a boolean holding 1
      Then it is refused as invalid, saying "must be a boolean"
      And there is no variable "streaming"
