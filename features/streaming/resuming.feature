@streaming @requires_current_fields
Feature: Resuming a watch
  A client that lost its connection resumes its watch where it ended: no update is repeated or missed. If the change log
  no longer reaches back that far, the client gets an error.

  @W7
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

  @W7
  Rule: A sequence outside the change log is refused

    Example: A watch cannot resume after a sequence beyond the last one
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" 1000 beyond the last sequence
      Then Ada's watch ends as out of range

    Example: A watch cannot resume after a negative sequence
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" after sequence -1
      Then Ada's watch ends as invalid

    @requires_process
    Example: A watch cannot resume after a sequence that the change log no longer has
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 20 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    @requires_process
    Example: The refusal of a resumed watch names the oldest sequence that is retained
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 20 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range
      And the end of Ada's watch names the oldest sequence that is retained

    @requires_process
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
