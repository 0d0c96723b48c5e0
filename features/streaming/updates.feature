@streaming
Feature: Watching variables
  A watch reports every accepted change of its variables: in order, once, and without a gap.

  @W1 @W3 @W1.1
  Rule: A watch that has started misses nothing

    Example: A change right after the start of a watch is received
      Given a float variable "learning_rate" holding 0.1
      And Ada watches "learning_rate"
      When "learning_rate" is set to 0.05
      Then Ada receives:
        | update       | variable      | value | previous | version |
        | value change | learning_rate | 0.05  | 0.1      | 2       |

    @W3.2
    Example: Twenty watches that start between changes of one client miss nothing
      Given an integer variable "x" holding 1
      When 20 watches of "x" start while 1 client sets it without a pause
      Then each watch receives its initial values and every later version

    @W3.2
    Example: Sixty watches that start between changes of four clients miss nothing
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
        | z    | integer | 1     |
      When 60 watches of "x", "y" and "z" start while 4 clients set them without a pause
      Then each watch receives its initial values and every later version

    @W1.1 @W3.2 @W5 @W5.3
    Example: A watch receives a variable that is registered while it sends its initial values
      Given a string variable "a" holding a text of 7000000 characters
      And Ben watches every variable, with initial values, through a proxy
      And Ben's connection was stalled
      And an integer variable "late" holding 1
      And "late" was set to 2
      When Ben's connection is resumed
      Then Ben receives:
        | update        | variable | value                        | version |
        | initial value | a        | a text of 7000000 characters | 1       |
        | registered    | late     | 1                            | 1       |
        | value change  | late     | 2                            | 2       |

  @W2 @W3 @W2.1
  Rule: Initial values come first if they are requested

    @W2.2
    Example: An initial value names the optimizer that has locked the variable
      Given a float variable "rate" holding 0.5
      And the optimizer "mipro" locked "rate"
      And the state of "rate" was noted
      When Ada watches "rate", with initial values
      Then Ada receives:
        | update        | variable | value | version |
        | initial value | rate     | 0.5   | 1       |
      And Ada's last update has the state of "rate" as noted

    @W2.2
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
        | streaming   | boolean | false   |
        | model       | string  | "gpt-4" |
      When Ada watches "model", "streaming", "temperature" and "max_tokens", with initial values
      Then Ada receives:
        | update        | variable    | value   | version |
        | initial value | model       | "gpt-4" | 1       |
        | initial value | streaming   | false   | 1       |
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

    @W3.2
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

    @W3.1
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

    @W3.1
    Example: Three watches of one learning rate receive its change
      Given a float variable "learning_rate" holding 0.1
      And Ada, Ben and Cy each watch "learning_rate"
      When "learning_rate" is set to 0.05
      Then Ada, Ben and Cy each receive:
        | update       | value | previous | version |
        | value change | 0.05  | 0.1      | 2       |
      And Ada receives nothing else

    @W3.1
    Example: Setting an equal value is a change
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.5
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 0.5   | 0.5      | 2       |
      And Ada receives nothing else

    @W3.1
    Example: A refused set is not a change
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to "half"
      Then it is refused as invalid, saying "must be a number"
      And "x" still holds 0.5 at version 1
      And Ada receives nothing else

    @W3.1
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

    @W3.1 @requires_process
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

    @W3.1
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
        | boolean   | false                           | true                                |
        | module    | "Predict"                       | "ReAct"                             |
        | embedding | [0.1, 0.2]                      | float32 array of shape [3000]       |
        | tensor    | float32 array of shape [64, 64] | {"shape": [1, 2], "data": [[1, 2]]} |

    @W3.1
    Example: A watch receives a text of 5 MB, also as the previous value
      Given a string variable "x" holding "first"
      And Ada watches "x"
      When "x" is set to a text of 5000000 characters
      And "x" is set to "last"
      Then Ada receives:
        | update       | value                        | previous                     | version |
        | value change | a text of 5000000 characters | "first"                      | 2       |
        | value change | "last"                       | a text of 5000000 characters | 3       |

    @W3.3
    Example: A change has its author and its metadata
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.6, with the metadata {"changed_by": "Ben", "author": "Cy", "reason": "tuning", "source": "elixir"}
      Then Ada receives:
        | update       | value | changed by | metadata                             |
        | value change | 0.6   | Ben        | {"author": "Cy", "reason": "tuning"} |
      And the metadata of "x" contains {"reason": "tuning"}
      And the source of "x" is ELIXIR

    @W3.1
    Example: Two watches receive three hundred changes
      Given an integer variable "x" holding 1
      And Ada and Ben each watch "x"
      When "x" is incremented 300 times
      Then Ada and Ben each receive the versions 2 to 301 of "x"

  @W4
  Rule: All watches of a session have one order

    @W4.1 @requires_current_fields
    Example: Two watches receive the changes of two clients in the same order
      Given the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
      And Ada and Ben each watch "a" and "b"
      When 2 clients at once set "a" and "b" 50 times each
      Then Ada and Ben receive 100 updates in the same order, with the same sequences

    @W4.2
    Example: The updates of an atomic batch follow each other
      Given the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
        | c    | integer | 0     |
      And Ada watches every variable
      When "a" and "b" are set in 30 atomic batches while "c" is set 30 times
      Then Ada receives the updates of "a" and "b" in pairs, one for each batch

    @W4.2 @D1
    Example: The updates of an atomic batch follow each other if other variables depend on them
      Given the variables:
        | name | type    | value |
        | a    | integer | 0     |
        | b    | integer | 0     |
        | c    | integer | 0     |
      And a "scaled" dependency of "c" on "a" was added
      And a "scaled" dependency of "c" on "b" was added
      And Ada watches every variable
      When these are set in an atomic batch:
        | name | value |
        | a    | 1     |
        | b    | 1     |
      Then the batch succeeds
      And Ada received the changes of "a" and "b" before that of "c"

  @W5 @W5.1
  Rule: A watch receives a deletion once, and stays open

    @W5.2
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

    @W5.2
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

  @W5 @W5.3
  Rule: A watch of every variable includes those that are registered later

    @W5.1
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

  @W6 @A2
  Rule: The variables of a watch exist

    @W6.1
    Scenario Outline: A watch of the unknown variable <name> is refused
      Given a float variable "x" holding 0.5
      When Ada watches "x" and <name>
      Then Ada's watch ends as not found, saying <name>
      And "x" still holds 0.5 at version 1

      Examples:
        | name                                                                                            |
        | "nothing_here"                                                                                  |
        | "back\\slash and \"quotes\""                                                                    |
        | "50% of %d, 100%% é 🚀"                                                                         |
        | "the learning rate of the second head of the reward model after the third stage of fine-tuning" |

    @W6.1
    Example: A watch of a deleted variable is refused
      Given a float variable "gone" holding 0.5
      And "gone" was deleted
      When Ada watches "gone"
      Then Ada's watch ends as not found, saying "gone"

    @A2.1
    Example: A variable can be watched by its id
      Given a float variable "x" holding 0.5
      And Ada watches "x", by its id
      When "x" is set to 0.6
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 0.6   | 2       |

    @W6.2
    Example: A variable that is named twice is reported once
      Given a float variable "x" holding 0.5
      And Ada watches "x" and "x", by its id
      When "x" is set to 0.6
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 0.6   | 2       |
      And Ada receives nothing else

    @W6.2
    Example: The initial value of a variable that is named twice comes once
      Given a float variable "x" holding 0.5
      When Ada watches "x" and "x", by its id, with initial values
      Then Ada receives:
        | update        | variable | value | version |
        | initial value | x        | 0.5   | 1       |
      And Ada receives nothing else

    @S7 @S7.4 @W6.1
    Example: A watch of a thousand unknown variables is refused as not found
      Given a float variable "x" holding 0.5
      When Ada watches the 1000 variables "a-variable-with-a-rather-long-name-"
      Then Ada's watch ends as not found within 5 s
      And "x" still holds 0.5 at version 1

  @W2 @W2.1
  Rule: Initial values are those of all watched variables, of one moment

    Example: A watch of every variable begins with a thousand initial values
      Given 1000 integer variables "v" holding 5 and up
      When Ada watches every variable, with initial values
      Then Ada receives the update initial value for each of the 1000 variables "v", holding 5 and up
      And Ada receives nothing else

    @W2.2
    Example: A watch begins with the last of several values
      Given an integer variable "x" holding 1
      And "x" was set to each of [2, 3, 4] in turn
      And "x" was rolled back to version 2
      When Ada watches "x", with initial values
      Then Ada receives:
        | update        | value | version | metadata            |
        | initial value | 2     | 5       | {"initial": "true"} |
      And Ada receives nothing else

    Example: Two watches begin with the values of their own moments
      Given an integer variable "x" holding 1
      And Ada watches "x", with initial values
      And Ada received 1 update
      And "x" was set to 2
      When Ben watches "x", with initial values
      Then Ben receives:
        | update        | value | version |
        | initial value | 2     | 2       |
      And Ada receives:
        | update       | value | version |
        | value change | 2     | 2       |

    Example: A watch of every variable begins with no value of a deleted one
      Given an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And "x" was deleted
      When Ada watches every variable, with initial values
      Then Ada receives:
        | update        | variable | value | version |
        | initial value | y        | 1     | 1       |
      And Ada receives nothing else

    Example: A watch of a variable that was registered again begins with the new one
      Given an integer variable "x" holding 1
      And "x" was deleted
      And a string variable "x" holding "new"
      When Ada watches "x", with initial values
      Then Ada receives:
        | update        | variable | value | version |
        | initial value | x        | "new" | 1       |
      And Ada receives nothing else

  @W3 @A1 @W3.3 @A1.3
  Rule: Every update has the complete variable as of its moment

    Example: A value change has every field of the variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And Ada watches "rate"
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "rate" was noted
      When "rate" is read
      Then Ada receives:
        | update       | value | version |
        | value change | 0.5   | 2       |
      And Ada's last update has the state of "rate" as noted

    Example: A registration has every field of the variable
      Given an open session
      And Ada watches every variable
      And "rate" was registered as a float holding 0.5, under the constraints {"max": 1}, with the metadata {"reason": "new", "source": "elixir"}
      And the state of "rate" was noted
      When "rate" is read
      Then Ada receives:
        | update     | variable | value | version |
        | registered | rate     | 0.5   | 1       |
      And Ada's last update has the state of "rate" as noted

    Example: The value change of a rollback has every field of the variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      And Ada watches "rate"
      And "rate" was rolled back to version 1
      And the state of "rate" was noted
      When "rate" is read
      Then Ada receives:
        | update       | value | version |
        | value change | 0.1   | 3       |
      And Ada's last update has the state of "rate" as noted

    Example: The value change of a batch has every field of the variable
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And "b" was set to 2, with the metadata {"owner": "Ada"}
      And Ada watches "b"
      And these were set in an atomic batch, with the metadata {"reason": "tuning", "source": "elixir"}:
        | name | value |
        | a    | 3     |
        | b    | 3     |
      And the state of "b" was noted
      When "b" is read
      Then Ada receives:
        | update       | value | version |
        | value change | 3     | 3       |
      And Ada's last update has the state of "b" as noted

    @requires_standard_tools @X5
    Example: The value change of a tool has every field of the variable
      Given an integer variable "count" holding 1 with:
        | max |
        | 9   |
      And "count" was set to 2, with the metadata {"reason": "tuning", "source": "elixir"}
      And Ada watches "count"
      And the tool "increment" ran with {"name": "count"}
      And the state of "count" was noted
      When "count" is read
      Then Ada receives:
        | update       | value | version | changed by     |
        | value change | 3     | 3       | tool:increment |
      And Ada's last update has the state of "count" as noted

    @D2
    Example: The value change of a locked variable names its optimizer
      Given a float variable "rate" holding 0.1
      And the optimizer "mipro" locked "rate"
      And Ada watches "rate"
      And "rate" was set to 0.5, for the optimizer "mipro"
      And the state of "rate" was noted
      When "rate" is read
      Then Ada receives:
        | update       | value | version |
        | value change | 0.5   | 2       |
      And Ada's last update has the state of "rate" as noted

    Example: The update of a rollback to an array in raw bytes has its bytes
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to {"shape": [1], "data": [4]}
      And Ada watches "weights"
      When "weights" is rolled back to version 1
      Then Ada receives:
        | update       | value                    | previous                    | version |
        | value change | float32 array [0.5, 1.5] | {"shape": [1], "data": [4]} | 3       |

    @D1 @D1.1
    Example: A dependency change has the array of the dependent variable in raw bytes
      Given a float variable "rate" holding 0.1
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And a "scaled" dependency of "weights" on "rate" was added
      And Ada watches "weights"
      When "rate" is set to 0.2
      Then Ada receives:
        | update            | variable | value                    | version |
        | dependency change | weights  | float32 array [0.5, 1.5] | 1       |

    Example: An earlier update keeps the metadata of its moment
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And "x" was set to 0.2, with the metadata {"reason": "tuning"}
      When "x" is set to 0.3, with the metadata {"run": "12", "changed_by": "Ben"}
      Then Ada receives:
        | update       | value | changed by | metadata             |
        | value change | 0.2   | client     | {"reason": "tuning"} |
        | value change | 0.3   | Ben        | {"run": "12"}        |
      And the metadata of "x" contains {"reason": "tuning", "run": "12"}
      And the history of "x" is:
        | version | value | metadata             |
        | 3       | 0.3   | {"run": "12"}        |
        | 2       | 0.2   | {"reason": "tuning"} |
        | 1       | 0.1   | {}                   |

    @requires_current_fields
    Example: A deletion has the author and the metadata of its own call
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2, with the metadata {"changed_by": "Ben", "reason": "tuning"}
      And the state of "x" was noted
      And Ada watches "x"
      When "x" is deleted, with the metadata {"changed_by": "Cy", "reason": "unused"}
      Then Ada receives:
        | update  | value | version | changed by | metadata             |
        | deleted | 0.2   | 2       | Cy         | {"reason": "unused"} |
      And Ada's last update has the state of "x" as noted

  @W3 @W4 @W3.1
  Rule: Hundreds of changes reach every watch

    @W4.1
    Example: The two hundred changes of an atomic batch are received in one order
      Given 200 integer variables "v" holding 5 and up
      And Ada and Ben each watch every variable
      When the 200 variables "v" are set in an atomic batch to 1000 and up
      Then the 200 variables "v" hold 1000 and up, at version 2
      And Ada and Ben receive 200 updates in the same order, with the same sequences

    Example: Two hundred registrations are received in order
      Given an open session
      And Ada watches every variable
      And 200 integer variables "v" holding 5 and up
      When "v0" is read
      Then Ada receives the update registered for each of the 200 variables "v", holding 5 and up
      And Ada receives nothing else

    Example: A watch of two hundred named variables receives their changes
      Given 200 integer variables "v" holding 5 and up
      And Ada watches the 200 variables "v"
      When the 200 variables "v" are set in an atomic batch to 1000 and up
      Then Ada receives the update value change for each of the 200 variables "v", holding 1000 and up
      And Ada receives nothing else

  @W5
  Rule: A watch is of its variables, not of their names

    @W5.2
    Example: A watch by name does not continue with a new variable of another type
      Given the variables:
        | name | type    | value |
        | a    | integer | 1     |
        | b    | integer | 1     |
      And Ada watches "a" and "b"
      And "a" was deleted
      And a string variable "a" holding "new"
      And "a" was deleted
      When "b" is set to 2
      Then Ada receives:
        | update       | variable | value | version |
        | deleted      | a        | 1     | 1       |
        | value change | b        | 2     | 2       |
      And Ada receives nothing else

    @W5.3
    Example: A watch of every variable distinguishes a new variable from the deleted one of its name
      Given an integer variable "a" holding 1
      And Ada watches every variable
      And "a" was deleted
      And a string variable "a" holding "new"
      When "a" is set to "newer"
      Then Ada receives:
        | update       | variable | value   | previous | version |
        | deleted      | a        | 1       |          | 1       |
        | registered   | a        | "new"   |          | 1       |
        | value change | a        | "newer" | "new"    | 2       |
      And Ada receives nothing else

    @W5.2
    Example: A watch that began after a deletion receives the changes of the new variable
      Given an integer variable "a" holding 1
      And "a" was deleted
      And an integer variable "a" holding 5
      And Ada watches "a"
      When "a" is set to 6
      Then Ada receives:
        | update       | variable | value | previous | version |
        | value change | a        | 6     | 5        | 2       |
      And Ada receives nothing else

  @W6 @S2 @S4
  Rule: A watch that is refused ends at once

    @W6.1
    Scenario Outline: A watch of <names> is refused at once, naming "gone"
      Given a float variable "x" holding 0.5
      When Ada watches <names>
      Then Ada's watch ends as not found, saying "gone" within 2 s
      And "x" still holds 0.5 at version 1

      Examples:
        | names                               |
        | "gone"                              |
        | "gone", with initial values         |
        | "x" and "gone", with initial values |
        | "gone" and "x"                      |

    @S2.1
    Example: A watch in a session that is not open is refused at once
      When Ada watches every variable, with initial values
      Then Ada's watch ends as not found, saying "Session not found" within 2 s

    @S4.1
    Example: A watch ends at once with its session
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And Ben watches every variable, with initial values
      When the session is cleaned up
      Then Ada's watch ends as not found within 2 s
      And Ben's watch ends as not found within 2 s

    @A2 @A2.1

  @W3 @A2 @W3.1 @A2.1
  Rule: A watch is of the variables that it names, in any script

    Example: A watch of a name beyond ASCII is of that variable
      Given a float variable "é/🚀" holding 0.5
      And a float variable "e\u0301/🚀" holding 0.5
      And Ada watches "é/🚀"
      And "e\u0301/🚀" was set to 0.6
      When "é/🚀" is set to 0.7
      Then Ada receives:
        | update       | variable | value | version |
        | value change | é/🚀     | 0.7   | 2       |
      And Ada receives nothing else
