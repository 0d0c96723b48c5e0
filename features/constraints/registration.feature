@constraints
Feature: Registration of constraints
  Constraints are checked when a variable is registered, and they apply for as long as it exists.

  @K4
  Rule: Invalid constraints are refused

    @K4.1 @K4.2 @K4.3
    Scenario Outline: A <kind> with the constraints <constraints> is refused
      When "x" is registered as a <kind> holding <value>, under the constraints `<constraints>`
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "x"

      Examples: no JSON object
        | kind  | value | constraints           |
        | float | 0.5   | {                     |
        | float | 0.5   | []                    |
        | float | 0.5   | "min"                 |
        | float | 0.5   | 5                     |
        | float | 0.5   | null                  |
        | float | 0.5   | {"max": NaN}          |
        | float | 0.5   | {"min": 0} {"max": 1} |

      Examples: unknown keys
        | kind      | value                       | constraints                         |
        | float     | 0.5                         | {"minimum": 0}                      |
        | integer   | 5                           | {"min_length": 1}                   |
        | string    | "five"                      | {"min": 1}                          |
        | boolean   | true                        | {"min": 0}                          |
        | boolean   | true                        | {"choices": ["a"]}                  |
        | embedding | [0.5]                       | {"shape": [1]}                      |
        | tensor    | {"shape": [1], "data": [1]} | {"dimensions": 1}                   |
        | string    | "five"                      | {"choices": ["five"]}               |
        | string    | "five"                      | {"allowed_modules": ["five"]}       |
        | choice    | "a"                         | {"choices": ["a"], "enum": ["a"]}   |
        | choice    | "a"                         | {"choices": ["a"], "max_length": 9} |
        | module    | "a"                         | {"enum": ["a"]}                     |
        | module    | "a"                         | {"pattern": "a"}                    |
        | embedding | [0.5]                       | {"dtype": "float32"}                |

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

      Examples: values that no constraint has
        | kind      | value                       | constraints                   |
        | float     | 0.5                         | {"min": null}                 |
        | float     | 0.5                         | {"min": [0]}                  |
        | integer   | 5                           | {"max": "9"}                  |
        | string    | "five"                      | {"min_length": true}          |
        | string    | "five"                      | {"pattern": null}             |
        | string    | "five"                      | {"enum": ["five", 5]}         |
        | string    | "five"                      | {"enum": null}                |
        | choice    | "a"                         | {"choices": ["a", null]}      |
        | module    | "a"                         | {"choices": ["a", 1]}         |
        | module    | "a"                         | {"allowed_modules": ["a", 1]} |
        | embedding | [0.5]                       | {"dimensions": -1}            |
        | embedding | [0.5]                       | {"dimensions": 1.5}           |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": [-1]}               |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": ["1"]}              |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": [true]}             |
        | embedding | [0.5]                       | {"dimensions": true}          |
        | tensor    | {"shape": [1], "data": [1]} | {"dtype": "float16"}          |
        | tensor    | {"shape": [1], "data": [1]} | {"dtype": "Float32"}          |

      Examples: keys that are nearly known
        | kind   | value  | constraints           |
        | float  | 0.5    | {"Min": 0}            |
        | float  | 0.5    | {"min ": 0}           |
        | float  | 0.5    | {"": 0}               |
        | string | "five" | {"maxlength": 9}      |
        | string | "five" | {"pattern\u200b": ""} |

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

    @K4.1
    Scenario Outline: The refusal of the constraints <constraints> names "<key>"
      When "x" is registered as a <kind> holding <value>, under the constraints `<constraints>`
      Then it is refused as invalid, saying "Invalid constraints"
      And the refusal also says "<key>"
      And there is no variable "x"

      Examples:
        | kind      | value                       | constraints              | key             |
        | float     | 0.5                         | {"max": "one"}           | max             |
        | float     | 0.5                         | {"minimum": 0}           | minimum         |
        | float     | 0.5                         | {"größe": 0}             | größe           |
        | float     | 0.5                         | {"constructor": 0}       | constructor     |
        | string    | "five"                      | {"pattern": "(unclosed"} | pattern         |
        | string    | "five"                      | {"enum": ["five", 5]}    | enum            |
        | choice    | "a"                         | {}                       | choices         |
        | module    | "a"                         | {"allowed_modules": {}}  | allowed_modules |
        | embedding | [0.5]                       | {"dimensions": "1"}      | dimensions      |
        | tensor    | {"shape": [1], "data": [1]} | {"dtype": 32}            | dtype           |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": 1}             | shape           |
        | string    | "five"                      | {"min_length": -1}       | min_length      |
        | string    | "five"                      | {"max_length": -1}       | max_length      |
        | embedding | [0.5]                       | {"dimensions": -1}       | dimensions      |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": [-1]}          | shape           |
        | tensor    | {"shape": [1], "data": [1]} | {"dtype": "float16"}     | dtype           |

    @K4.1
    Example: The refusal of constraints has the whole name of a long key
      When "x" is registered as a float holding 0.5, under the constraints `{"the-lowest-number-that-this-variable-may-ever-have-while-it-is-tuned-and-afterwards": 0}`
      Then it is refused as invalid, saying "Invalid constraints"
      And the refusal also says "the-lowest-number-that-this-variable-may-ever-have-while-it-is-tuned-and-afterwards"
      And there is no variable "x"

    @K4.1
    Scenario Outline: A <kind> with the constraints <constraints> has none
      When "x" is registered as a <kind> holding <value>, under the constraints `<constraints>`
      Then "x" holds <value> at version 1

      Examples:
        | kind    | value  | constraints |
        | float   | 0.5    | {}          |
        | string  | "five" | { }         |
        | boolean | true   | {}          |

    @K4.1
    Example: Constraints that are only a blank are neither empty nor an object
      When "x" is registered as a float holding 0.5, under the constraints ` `
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "x"

    @K4.3
    Example: A minimum that equals the maximum is accepted
      When "x" is registered as a float holding 0.5, under the constraints {"min": 0.5, "max": 0.5}
      Then "x" holds 0.5 at version 1

  @K3
  Rule: Constraints apply to every method that changes a value

    @K3.1
    Scenario Outline: A <kind> with the empty list <constraints> cannot have any value
      When "x" is registered as a <kind> holding "five", under the constraints `<constraints>`
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | kind   | constraints             |
        | string | {"enum": []}            |
        | module | {"allowed_modules": []} |

    @K3.2
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

    @K3.2
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

    @K3.1
    Example: Constraints apply to a set with an expected version
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When "temperature" is set to 3, expecting version 1
      Then it is refused as invalid, saying "is above maximum"
      And "temperature" still holds 0.7 at version 1

    @K3.1
    Example: Constraints apply to a set by id
      Given a float variable "temperature" holding 0.7 with:
        | min | max |
        | 0   | 2   |
      When "temperature", by its id, is set to 3
      Then it is refused as invalid, saying "is above maximum"
      And "temperature" still holds 0.7 at version 1

    @K3.3 @requires_standard_tools
    Example: Constraints apply to a set by a tool
      Given an integer variable "count" holding 9 with:
        | max |
        | 10  |
      When the tool "increment" runs with {"name": "count", "by": 2}
      Then the tool fails, saying "is above maximum"
      And "count" still holds 9 at version 1

    @K3.2
    Scenario Outline: In <a batch>, the constraints of <a variable> apply
      Given <a variable> "x" holding <held> with:
        | <key>    |
        | <allows> |
      When these are set in <a batch>:
        | name | value   |
        | x    | <value> |
      Then the batch fails for:
        | name | because   |
        | x    | <because> |
      And "x" still holds <held> at version 1

      Examples:
        | a batch            | a variable            | held  | key             | allows     | value      | because                            |
        | an atomic batch    | a choice variable     | "a"   | choices         | ["a", "b"] | "c"        | must be one of                     |
        | a non-atomic batch | a choice variable     | "a"   | choices         | ["a", "b"] | "c"        | must be one of                     |
        | an atomic batch    | a module variable     | "a"   | allowed_modules | ["a"]      | "c"        | must be one of the allowed modules |
        | an atomic batch    | an embedding variable | [0.5] | dimensions      | 1          | [0.5, 1.5] | must have exactly 1 dimensions     |

  @K5 @K5.1
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

    Example: A bound beyond the precision of doubles is answered as it was registered
      Given an integer variable "seed" holding 1 with:
        | max              |
        | 9007199254740993 |
      When "seed" is read
      Then the answer is a variable with:
        | constraints               |
        | {"max": 9007199254740993} |

    Scenario Outline: The list <list> under <key> is answered as it was registered
      Given a <kind> variable "x" holding "a" with:
        | <key>  |
        | <list> |
      When "x" is read
      Then the answer is a variable with:
        | constraints       |
        | {"<key>": <list>} |

      Examples:
        | kind   | key             | list                 |
        | choice | choices         | ["b", "a", "B", "é"] |
        | string | enum            | ["c", "a", "b"]      |
        | module | allowed_modules | ["c", "a", "b"]      |

    Example: A set with another type is refused and does not change the type
      Given an integer variable "max_tokens" holding 256
      When "max_tokens" is set to 0.5 under the type_url "type.googleapis.com/snakepit.float"
      Then it is refused as invalid
      And "max_tokens" still holds 256 at version 1

  @K3 @K5
  Rule: Constraints apply wherever clauses meet

    @K3.1
    Example: A locked variable keeps its constraints for its optimizer
      Given a float variable "x" holding 0.5 with:
        | max |
        | 1   |
      And the optimizer "mipro" locked "x"
      When "x" is set to 2, for the optimizer "mipro"
      Then it is refused as invalid, saying "is above maximum"
      And "x" still holds 0.5 at version 1

    @K5.1
    Example: A variable keeps its constraints after a rollback
      Given a float variable "x" holding 0.5 with:
        | max |
        | 1   |
      And "x" was set to 0.6
      And "x" was rolled back to version 1
      When "x" is set to 2
      Then it is refused as invalid, saying "is above maximum"
      And "x" still holds 0.5 at version 3

    @K5.1
    Example: A variable that is registered again has its new constraints
      Given a float variable "x" holding 0.5 with:
        | max |
        | 1   |
      And "x" was deleted
      And a float variable "x" holding 5 with:
        | min |
        | 5   |
      When "x" is set to 4
      Then it is refused as invalid, saying "is below minimum"
      And "x" still holds 5.0 at version 1

    @K5.1
    Example: Equal names in two sessions have constraints of their own
      Given a float variable "x" holding 0.5 with:
        | max |
        | 1   |
      And in session "blue", a float variable "x" holding 0.5 with:
        | max |
        | 9   |
      When in session "blue", "x" is set to 8
      Then in session "blue", "x" holds 8.0 at version 2
      And "x" still holds 0.5 at version 1

    @K3.1
    Example: The first value of a variable is checked against every constraint
      When "x" is registered as a string holding "ABC", under the constraints {"max_length": 2, "pattern": "^[a-z]+$", "enum": ["a"]}
      Then it is refused as invalid, saying "must be at most 2 characters"
      And the refusal also says "must match pattern"
      And the refusal also says "must be one of"
      And there is no variable "x"

  @S7 @K4 @S7.4 @K4.1
  Rule: A refusal reaches every client, however many constraints are wrong

    Example: A registration with a thousand unknown constraints is refused as invalid
      When "x" is registered as a float under 1000 constraints "unknown-constraint-"
      Then it is refused as invalid, saying "Invalid constraints"
      And there is no variable "x"
