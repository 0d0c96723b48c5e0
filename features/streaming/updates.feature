@streaming
Feature: Watching variables
  A watch reports every accepted change of its variables: in order, once, and without a gap.

  @W1
  Rule: A watch that has started misses nothing

    Example: A change right after the start of a watch is received
      Given a float variable "learning_rate" holding 0.1
      And Ada watches "learning_rate"
      When "learning_rate" is set to 0.05
      Then Ada receives:
        | update       | variable      | value | previous | version |
        | value change | learning_rate | 0.05  | 0.1      | 2       |

    Example: Twenty watches that start between changes of one client miss nothing
      Given an integer variable "x" holding 1
      When 20 watches of "x" start while 1 client sets it without a pause
      Then each watch receives its initial values and every later version

    Example: Sixty watches that start between changes of four clients miss nothing
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
        | z    | integer | 1     |
      When 60 watches of "x", "y" and "z" start while 4 clients set them without a pause
      Then each watch receives its initial values and every later version

  @W2
  Rule: Initial values come first if they are requested

    Example: A watch begins with the initial value of a variable
      Given a float variable "temperature" holding 0.7
      And "temperature" was set to 0.8
      When Ada watches "temperature", with initial values
      Then Ada receives:
        | update        | variable    | value | version | metadata            |
        | initial value | temperature | 0.8   | 2       | {"initial": "true"} |
      And Ada receives nothing else

    Example: Initial values come in the order of the request
      Given the variables:
        | name        | type    | value   |
        | temperature | float   | 0.7     |
        | max_tokens  | integer | 256     |
        | model       | string  | "gpt-4" |
      When Ada watches "model", "temperature" and "max_tokens", with initial values
      Then Ada receives:
        | update        | variable    | value   | version |
        | initial value | model       | "gpt-4" | 1       |
        | initial value | temperature | 0.7     | 1       |
        | initial value | max_tokens  | 256     | 1       |
      And Ada receives nothing else

    Example: A watch of every variable begins with initial values
      Given a float variable "temperature" holding 0.7
      When Ada watches every variable, with initial values
      Then Ada receives:
        | update        | variable    | value | version |
        | initial value | temperature | 0.7   | 1       |
      And Ada receives nothing else

    Example: An initial value has all fields of the variable
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to float32 array [2.5], with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "weights" was noted
      When Ada watches "weights", with initial values
      Then Ada receives:
        | update        | variable | value               | version |
        | initial value | weights  | float32 array [2.5] | 2       |
      And Ada's last update has the state of "weights" as noted

    Example: Changes follow the initial values
      Given a float variable "x" holding 0.1
      And Ada watches "x", with initial values
      When "x" is set to 0.2
      Then Ada receives:
        | update        | value | previous | version |
        | initial value | 0.1   |          | 1       |
        | value change  | 0.2   | 0.1      | 2       |

    Example: A watch without initial values begins with the next change
      Given a float variable "x" holding 0.1
      When Ada watches "x"
      Then Ada receives nothing else

  @W3
  Rule: Every accepted change reaches every watch, in order and once

    Example: A watch receives values in the order in which they are set
      Given a float variable "learning_rate" holding 0.5
      And Ada watches "learning_rate"
      When "learning_rate" is set to each of [0.1, 0.2, 0.3] in turn
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 0.1   | 0.5      | 2       |
        | value change | 0.2   | 0.1      | 3       |
        | value change | 0.3   | 0.2      | 4       |
      And Ada receives nothing else

    Example: Three watches of one learning rate receive its change
      Given a float variable "learning_rate" holding 0.1
      And Ada, Ben and Cy each watch "learning_rate"
      When "learning_rate" is set to 0.05
      Then Ada, Ben and Cy each receive:
        | update       | value | previous | version |
        | value change | 0.05  | 0.1      | 2       |
      And Ada receives nothing else

    Example: Setting an equal value is a change
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.5
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 0.5   | 0.5      | 2       |
      And Ada receives nothing else

    Example: A refused set is not a change
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to "half"
      Then it is refused as invalid, saying "must be a number"
      And "x" still holds 0.5 at version 1
      And Ada receives nothing else

    Example: A watch receives changes of its own variables only
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And Ada watches "b"
      And "a" was set to 2
      When "b" is set to 3
      Then Ada receives:
        | update       | variable | value | version |
        | value change | b        | 3     | 2       |
      And Ada receives nothing else

    @requires_process
    Example: Changes of other variables do not end a quiet watch
      Given a bridge with the flags "--watch-log-limit 5"
      And the variables:
        | name  | type    | value |
        | quiet | float   | 1     |
        | busy  | integer | 1     |
      And Ada watches "quiet"
      And "busy" was incremented 20 times
      When "quiet" is set to 2
      Then Ada receives:
        | update       | variable | value | version |
        | value change | quiet    | 2     | 2       |
      And Ada receives nothing else

    Scenario Outline: A watch receives the change of a variable of the type <kind>
      Given a <kind> variable "x" holding <before>
      And Ada watches "x"
      When "x" is set to <after>
      Then Ada receives:
        | update       | value   | previous | version |
        | value change | <after> | <before> | 2       |

      Examples:
        | kind      | before                          | after                               |
        | integer   | 9007199254740993                | -9007199254740993                   |
        | float     | NaN                             | -Infinity                           |
        | string    | "a"                             | "é🚀"                               |
        | boolean   | true                            | false                               |
        | module    | "Predict"                       | "ReAct"                             |
        | embedding | [0.1, 0.2]                      | float32 array of shape [3000]       |
        | tensor    | float32 array of shape [64, 64] | {"shape": [1, 2], "data": [[1, 2]]} |

    Example: A change has its author and its metadata
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.6, with the metadata {"changed_by": "Ben", "author": "Cy", "reason": "tuning", "source": "elixir"}
      Then Ada receives:
        | update       | value | changed by | metadata                             |
        | value change | 0.6   | Ben        | {"author": "Cy", "reason": "tuning"} |
      And the metadata of "x" contains {"reason": "tuning"}
      And the source of "x" is ELIXIR

    Example: Two watches receive three hundred changes
      Given an integer variable "x" holding 1
      And Ada and Ben each watch "x"
      When "x" is incremented 300 times
      Then Ada and Ben each receive the versions 2 to 301 of "x"

  @W4
  Rule: All watches of a session have one order

    @requires_current_fields
    Example: Two watches receive the changes of two clients in the same order
      Given the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
      And Ada and Ben each watch "a" and "b"
      When 2 clients at once set "a" and "b" 50 times each
      Then Ada and Ben receive 100 updates in the same order, with the same sequences

    Example: The updates of an atomic batch follow each other
      Given the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
        | c    | integer | 0     |
      And Ada watches every variable
      When "a" and "b" are set in 30 atomic batches while "c" is set 30 times
      Then Ada receives the updates of "a" and "b" in pairs, one for each batch

  @W5
  Rule: A watch receives a deletion once, and stays open

    Example: A deletion has the last state of the variable
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And Ada watches "a" and "b"
      And "a" was set to 2
      And "a" was deleted
      When "b" is set to 3
      Then Ada receives:
        | update       | variable | value | version |
        | value change | a        | 2     | 2       |
        | deleted      | a        | 2     | 2       |
        | value change | b        | 3     | 2       |
      And Ada receives nothing else

    Example: A deletion has all fields of the variable
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to float32 array [2.5], with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "weights" was noted
      And Ada watches "weights"
      When "weights" is deleted
      Then Ada receives:
        | update  | variable | value               | version |
        | deleted | weights  | float32 array [2.5] | 2       |
      And Ada's last update has the state of "weights" as noted

    Example: A watch does not continue with a new variable of the same name
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And Ada watches "a" and "b"
      And "a" was deleted
      And a float variable "a" holding 5
      And "a" was set to 6
      When "b" is set to 3
      Then Ada receives:
        | update       | variable | value | version |
        | deleted      | a        | 1     | 1       |
        | value change | b        | 3     | 2       |
      And Ada receives nothing else

  @W5
  Rule: A watch of every variable includes those that are registered later

    Example: A watch of every variable receives registrations, changes and deletions
      Given a float variable "old" holding 1
      And Ada watches every variable
      And a float variable "new" holding 2
      And "new" was set to 3
      And "new" was deleted
      And a float variable "newer" holding 5
      And "newer" was deleted
      When "old" is set to 4
      Then Ada receives:
        | update       | variable | value | version |
        | registered   | new      | 2     | 1       |
        | value change | new      | 3     | 2       |
        | deleted      | new      | 3     | 2       |
        | registered   | newer    | 5     | 1       |
        | deleted      | newer    | 5     | 1       |
        | value change | old      | 4     | 2       |
      And Ada receives nothing else

    Example: A registration of an array of raw bytes is received
      Given an open session
      And Ada watches every variable
      When "weights" is registered as a tensor holding float32 array [0.5, 1.5]
      Then Ada receives:
        | update     | variable | value                    | version |
        | registered | weights  | float32 array [0.5, 1.5] | 1       |

  @W6
  Rule: The variables of a watch exist

    Example: A watch of an unknown variable is refused
      Given a float variable "x" holding 0.5
      When Ada watches "x" and "nothing_here"
      Then Ada's watch ends as not found, saying "nothing_here"
      And "x" still holds 0.5 at version 1

    Example: A watch of a deleted variable is refused
      Given a float variable "gone" holding 0.5
      And "gone" was deleted
      When Ada watches "gone"
      Then Ada's watch ends as not found, saying "gone"

    Example: A variable can be watched by its id
      Given a float variable "x" holding 0.5
      And Ada watches "x", by its id
      When "x" is set to 0.6
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 0.6   | 2       |

    Example: A variable that is named twice is reported once
      Given a float variable "x" holding 0.5
      And Ada watches "x" and "x", by its id
      When "x" is set to 0.6
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 0.6   | 2       |
      And Ada receives nothing else

    Example: The initial value of a variable that is named twice comes once
      Given a float variable "x" holding 0.5
      When Ada watches "x" and "x", by its id, with initial values
      Then Ada receives:
        | update        | variable | value | version |
        | initial value | x        | 0.5   | 1       |
      And Ada receives nothing else
