@constraints
Feature: Registration of constraints
  Constraints are checked when a variable is registered, and they apply for as long as it exists.

  @K4
  Rule: Invalid constraints are refused

    Scenario Outline: A <kind> with the constraints <constraints> is refused
      When "x" is registered as a <kind> holding <value>, under the constraints `<constraints>`
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "x"

      Examples: no JSON object
        | kind  | value | constraints |
        | float | 0.5   | {           |
        | float | 0.5   | []          |
        | float | 0.5   | "min"       |
        | float | 0.5   | 5           |
        | float | 0.5   | null        |

      Examples: unknown keys
        | kind      | value                       | constraints        |
        | float     | 0.5                         | {"minimum": 0}     |
        | integer   | 5                           | {"min_length": 1}  |
        | string    | "five"                      | {"min": 1}         |
        | boolean   | true                        | {"min": 0}         |
        | boolean   | true                        | {"choices": ["a"]} |
        | embedding | [0.5]                       | {"shape": [1]}     |
        | tensor    | {"shape": [1], "data": [1]} | {"dimensions": 1}  |

      Examples: keys of another type
        | kind      | value                       | constraints             |
        | float     | 0.5                         | {"min": "0"}            |
        | float     | 0.5                         | {"max": true}           |
        | string    | "five"                      | {"max_length": 4.5}     |
        | string    | "five"                      | {"pattern": 5}          |
        | string    | "five"                      | {"enum": "five"}        |
        | choice    | "a"                         | {"choices": "a"}        |
        | choice    | "a"                         | {"choices": ["a", 1]}   |
        | module    | "a"                         | {"allowed_modules": {}} |
        | embedding | [0.5]                       | {"dimensions": "1"}     |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": 1}            |
        | tensor    | {"shape": [1], "data": [1]} | {"dtype": 32}           |

      Examples: contradictions
        | kind    | value  | constraints                        |
        | float   | 0.5    | {"min": 1, "max": 0}               |
        | integer | 5      | {"min": 6, "max": 5}               |
        | string  | "five" | {"min_length": 5, "max_length": 4} |
        | string  | "five" | {"min_length": -1}                 |
        | string  | "five" | {"max_length": -1}                 |

      Examples: a choice without choices
        | kind   | value | constraints     |
        | choice | "a"   | {}              |
        | choice | "a"   | {"choices": []} |

    Example: The refusal of constraints names the invalid key
      When "x" is registered as a float holding 0.5, under the constraints `{"max": "one"}`
      Then it is refused as invalid, saying "Invalid constraints"
      And the refusal also says "max"
      And there is no variable "x"

    Example: A minimum that equals the maximum is accepted
      When "x" is registered as a float holding 0.5, under the constraints {"min": 0.5, "max": 0.5}
      Then "x" holds 0.5 at version 1

  @K3
  Rule: Constraints apply to every method that changes a value

    Example: Constraints apply in a non-atomic batch
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When these are set in a non-atomic batch:
        | name        | value |
        | temperature | 2.5   |
      Then the batch fails for:
        | name        | because          |
        | temperature | is above maximum |
      And "temperature" still holds 0.7 at version 1

    Example: Constraints apply in an atomic batch
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When these are set in an atomic batch:
        | name        | value |
        | temperature | -1    |
      Then the batch fails for:
        | name        | because          |
        | temperature | is below minimum |
      And "temperature" still holds 0.7 at version 1

    Example: Constraints apply to a set with an expected version
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When "temperature" is set to 3, expecting version 1
      Then it is refused as invalid, saying "is above maximum"
      And "temperature" still holds 0.7 at version 1

    Example: Constraints apply to a set by id
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When "temperature", by its id, is set to 3
      Then it is refused as invalid, saying "is above maximum"
      And "temperature" still holds 0.7 at version 1

    @requires_standard_tools
    Example: Constraints apply to a set by a tool
      Given an integer variable "count" holding 9 with:
        | max |
        | 10  |
      When the tool "increment" runs with {"name": "count", "by": 2}
      Then the tool fails, saying "is above maximum"
      And "count" still holds 9 at version 1

  @K5
  Rule: Type and constraints are immutable

    Example: A second registration with other constraints is refused
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When "temperature" is registered as a float holding 5
      Then it is refused as already existing
      And "temperature" still holds 0.7 at version 1

    Example: A refused second registration does not change the constraints
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      And a refused attempt, in which "temperature" is registered as a float holding 5
      When "temperature" is set to 5
      Then it is refused as invalid, saying "is above maximum"
      And "temperature" still holds 0.7 at version 1

    Example: Constraints are unchanged after several sets
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      And "temperature" was set to 1.5
      And "temperature" was set to 0.5
      When "temperature" is read
      Then the answer is a variable with:
        | type  | constraints          | version |
        | float | {"min": 0, "max": 2} | 3       |

    Example: A set with another type is refused and does not change the type
      Given an integer variable "max_tokens" holding 256
      When "max_tokens" is set to 0.5 under the type_url "type.googleapis.com/snakepit.float"
      Then it is refused as invalid
      And "max_tokens" still holds 256 at version 1
