@streaming @requires_current_fields
Feature: Resuming a watch
  A client that lost its connection resumes its watch where it ended: no update is repeated or missed. If the change log
  no longer reaches back that far, the client gets an error.

  @W7 @W7.1 @W1
  Rule: A resumed watch continues with the next update

    Example: A resumed watch receives the changes that were made in between
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      And "x" was set to 4
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
        | value change | 4     | 3        | 4       |
      And Ada receives nothing else

    Example: A resumed watch receives arrays of raw bytes that were set in between
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And Ada watches "weights"
      And "weights" was set to float32 array [2.5]
      And Ada received 1 update
      And Ada stopped watching
      And "weights" was set to float64 array [3.5]
      And "weights" was set to {"shape": [1], "data": [4]}
      When Ada resumes watching "weights"
      Then Ada receives:
        | update       | value                       | previous            | version |
        | value change | float64 array [3.5]         | float32 array [2.5] | 3       |
        | value change | {"shape": [1], "data": [4]} | float64 array [3.5] | 4       |

    Example: A resumed watch receives nothing if nothing has changed
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x"
      Then Ada receives nothing else

    Example: A resumed watch receives no initial values
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x", with initial values
      Then Ada receives nothing else

    @W2 @W2.2
    Example: A watch resumes after the sequence of an initial value
      Given an integer variable "x" holding 1
      And Ada watches "x", with initial values
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 2
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 2     | 1        | 2       |
      And Ada receives nothing else

    @W2 @W2.2
    Example: An initial value has the sequence of its moment, also if another variable was changed last
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And "y" was set to 2
      And Ada watches "x", with initial values
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching every variable
      Then Ada receives nothing else

    Example: A watch resumes after the sequence of a heartbeat that came before all variables
      Given a bridge with short heartbeats
      And an open session
      And Ada watches every variable
      And Ada received 1 heartbeat in 0 to 5 s
      And Ada stopped watching
      And a float variable "x" holding 0.1
      When Ada resumes watching every variable
      Then Ada receives:
        | update     | variable | value | version |
        | registered | x        | 0.1   | 1       |
      And Ada receives nothing else

    Example: A resumed watch does not receive changes of other variables
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "y" was set to 2
      And "x" was set to 3
      And "y" was set to 3
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 3     | 3       |
      And Ada receives nothing else

    Example: A resumed watch receives a change that came after two hundred changes of another variable
      Given the variables:
        | name  | type    | value |
        | quiet | integer | 1     |
        | busy  | integer | 1     |
      And Ada watches "quiet"
      And "quiet" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "busy" was incremented 200 times
      And "quiet" was set to 3
      When Ada resumes watching "quiet"
      Then Ada receives:
        | update       | variable | value | previous | version |
        | value change | quiet    | 3     | 2        | 3       |
      And Ada receives nothing else

    @W1.1
    Example: Watches that resume while a client sets the variable miss nothing
      Given an integer variable "x" holding 1
      When 20 watches of "x" resume in turn while 1 client sets it without a pause
      Then each watch receives every later version

    @S3 @S7 @S7.3
    Example: A watch resumes although another session has changed a lot in between
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      And in session "blue", 1000 integer variables "v" holding 1 and up
      And in session "blue", the 1000 variables "v" were set in an atomic batch to 5 and up
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
      And Ada receives nothing else

    @W7.2
    Example: A watch resumes across eleven hundred changes, or is refused
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 1100 times
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 1102 of "x", or the end of the watch as out of range

  @W7
  Rule: A sequence outside the change log is refused

    @W7.2
    Example: A watch cannot resume after a sequence beyond the last one
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" 1000 beyond the last sequence
      Then Ada's watch ends as out of range

    @W7.3
    Example: A watch cannot resume after a negative sequence
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" after sequence -1
      Then Ada's watch ends as invalid

    @W7.2 @requires_process
    Scenario Outline: A watch of <variables> cannot resume if <count> changes came after its sequence, of which the log has 5
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches <variables>
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented <count> times
      When Ada resumes watching <variables>
      Then Ada's watch ends as out of range

      Examples:
        | variables      | count |
        | "x"            | 6     |
        | "x"            | 20    |
        | every variable | 20    |

    @W7.2 @requires_process
    Example: The refusal of a resumed watch names the oldest sequence that is retained
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 1100 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range
      And the end of Ada's watch names the oldest sequence that is retained

    @W7.2 @requires_process
    Example: A watch resumes after the oldest sequence that the change log has
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 7 of "x"
      And Ada receives nothing else

  @W7 @W5 @W7.1
  Rule: A resumed watch is of the variables that it had, not of those that have their names now

    @W5.2
    Example: A resumed watch receives the deletion of a variable and nothing of the new one of its name
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x" and "y"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And an integer variable "x" holding 5
      And "x" was set to 6
      And "y" was set to 7
      When Ada resumes watching "x" and "y"
      Then Ada receives:
        | update       | variable | value | version |
        | deleted      | x        | 2     | 2       |
        | value change | y        | 7     | 2       |

    Example: A resumed watch is of the first of two variables that had its name and were deleted since
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x" and "y"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And an integer variable "x" holding 5
      And "x" was deleted
      And "y" was set to 7
      When Ada resumes watching "x" and "y"
      Then Ada receives:
        | update       | variable | value | version |
        | deleted      | x        | 2     | 2       |
        | value change | y        | 7     | 2       |
      And Ada receives nothing else

    @W7.1
    Example: A resumed watch of a name that was registered again continues with the new variable
      Given an integer variable "x" holding 1
      And "x" was deleted
      And an integer variable "x" holding 5
      And Ada watches "x"
      And "x" was set to 6
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 7
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 7     | 6        | 3       |
      And Ada receives nothing else

    Example: A resumed watch of every variable receives a deletion and the registration of the same name
      Given an integer variable "x" holding 1
      And Ada watches every variable
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And a string variable "x" holding "new"
      And "x" was set to "newer"
      When Ada resumes watching every variable
      Then Ada receives:
        | update       | variable | value   | previous | version |
        | deleted      | x        | 2       |          | 2       |
        | registered   | x        | "new"   |          | 1       |
        | value change | x        | "newer" | "new"    | 2       |
      And Ada receives nothing else

    Example: A resumed watch receives the changes and the deletion of a variable that was deleted since
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x" and "y"
      And "y" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      And "x" was deleted
      And "y" was set to 4
      When Ada resumes watching "x" and "y"
      Then Ada receives:
        | update       | variable | value | previous | version |
        | value change | x        | 3     | 1        | 2       |
        | deleted      | x        | 3     |          | 2       |
        | value change | y        | 4     | 2        | 3       |
      And Ada receives nothing else

    Example: A resumed watch by an id receives the deletion of the variable
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x", by its id and "y"
      And "y" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And an integer variable "x" holding 5
      And "y" was set to 3
      When Ada resumes watching "x", by its old id and "y"
      Then Ada receives:
        | update       | variable | value | previous | version |
        | deleted      | x        | 1     |          | 1       |
        | value change | y        | 3     | 2        | 3       |

    @W6 @W6.1
    Example: A resumed watch of a variable that was deleted before its sequence is refused
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And "y" was deleted
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x" and "y"
      Then Ada's watch ends as not found, saying "y"

    Example: A resumed watch of a variable that never existed is refused
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x" and "gone"
      Then Ada's watch ends as not found, saying "gone"

  @W7 @W3 @W7.1
  Rule: A resumed watch receives every update as an open watch does

    @W3.1 @W3.3
    Example: Updates of every kind are received after resuming, with authors, metadata and previous values
      Given the variables:
        | name   | type    | value |
        | first  | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches every variable
      And "second" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "first" was set to 3, with the metadata {"changed_by": "Ben", "reason": "tuning"}
      And "second" was rolled back to version 1
      And "third" was registered as a string holding "new", with the metadata {"changed_by": "Cy"}
      And "third" was deleted, with the metadata {"reason": "unused"}
      When Ada resumes watching every variable
      Then Ada receives:
        | update            | variable | value | previous | version | changed by            | metadata                                        |
        | value change      | first    | 3     | 1        | 2       | Ben                   | {"reason": "tuning"}                            |
        | dependency change | second   | 2     |          | 2       |                       | {"cause": "first", "dependency_type": "scaled"} |
        | value change      | second   | 1     | 2        | 3       | rollback to version 1 |                                                 |
        | registered        | third    | "new" |          | 1       | Cy                    |                                                 |
        | deleted           | third    | "new" |          | 1       | client                | {"reason": "unused"}                            |
      And Ada receives nothing else

    Example: A watch that was resumed resumes again after an atomic batch
      Given the variables:
        | name | type    | value |
        | a    | integer | 1     |
        | b    | integer | 1     |
      And Ada watches every variable
      And "a" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And these were set in an atomic batch:
        | name | value |
        | a    | 3     |
        | b    | 3     |
      And Ada resumes watching "a" and "b"
      And Ada received 2 updates
      And Ada stopped watching
      And "b" was set to 4
      When Ada resumes watching "a" and "b"
      Then Ada receives:
        | update       | variable | value | previous | version |
        | value change | b        | 4     | 3        | 3       |
      And Ada receives nothing else

    Example: A watch that has received a change resumes with the dependency change that follows from it
      Given the variables:
        | name   | type    | value |
        | first  | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "first"
      And "first" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "first" and "second"
      Then Ada receives:
        | update            | variable | value | version | metadata                                        |
        | dependency change | second   | 1     | 1       | {"cause": "first", "dependency_type": "scaled"} |
      And Ada receives nothing else

    Example: A watch resumes by the ids of its variables
      Given an integer variable "x" holding 1
      And Ada watches "x", by its id
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      When Ada resumes watching "x", by its id
      Then Ada receives:
        | update       | variable | value | previous | version |
        | value change | x        | 3     | 2        | 3       |
      And Ada receives nothing else

    Example: A watch resumes across more than a hundred changes
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 250 times
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 252 of "x"
      And Ada receives nothing else

    Example: A resumed watch with initial values receives those of no variable
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches every variable
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "y" was set to 3
      When Ada resumes watching every variable, with initial values
      Then Ada receives:
        | update       | variable | value | version |
        | value change | y        | 3     | 2       |
      And Ada receives nothing else

    Example: A client resumes a watch while the earlier one is still open
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada resumes watching "x"
      When "x" is set to 3
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
      And Ada receives nothing else

  @W7
  Rule: A resumption that is refused ends at once

    @W7.2 @W7.3
    Scenario Outline: A watch that cannot resume <after> ends at once
      Given an integer variable "x" holding 1
      When Ada resumes watching <after>
      Then Ada's watch ends <status> within 2 s
      And "x" still holds 1 at version 1

      Examples:
        | after                                     | status          |
        | "x" 1 beyond the last sequence            | as out of range |
        | every variable after sequence -1          | as invalid      |
        | every variable 9 beyond the last sequence | as out of range |
        | "x" after sequence 9223372036854775807    | as out of range |

    @S2 @S2.1
    Example: A watch cannot resume in a session that is not open
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And the session was cleaned up
      When Ada resumes watching "x"
      Then Ada's watch ends as not found, saying "Session not found" within 2 s
      And the session is not open
