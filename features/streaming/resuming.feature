@streaming
Feature: Resuming a watch
  Whoever lost a connection goes on where they stopped: nothing twice, nothing missing, or a clear word
  that it is too late.

  @W7
  Rule: A resumed watch continues with exactly what follows

    Example: Changes in between
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

    Example: Arrays of bytes in between
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And Ada watches "weights"
      And "weights" was set to float32 array [2.5]
      And Ada received 1 update
      And Ada stopped watching
      And "weights" was set to float64 array [3.5]
      And "weights" was set to {"shape": [1], "data": [4]}
      When Ada resumes watching "weights"
      Then Ada receives:
        | update       | value                       | previous             | version |
        | value change | float64 array [3.5]         | float32 array [2.5]  | 3       |
        | value change | {"shape": [1], "data": [4]} | float64 array [3.5]  | 4       |

    Example: No changes in between
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x"
      Then Ada receives nothing else

    Example: It gets no present values
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x", present values included
      Then Ada receives nothing else

    Example: From the sequence of a present value
      Given an integer variable "x" holding 1
      And Ada watches "x", present values included
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 2
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 2     | 1        | 2       |
      And Ada receives nothing else

    @requires_process
    Example: From the sequence of a heartbeat, before anything was there
      Given a bridge with the flags "--heartbeat-interval 0.2"
      And an open session
      And Ada watches every variable
      And Ada received a heartbeat
      And Ada stopped watching
      And a float variable "x" holding 0.1
      When Ada resumes watching every variable
      Then Ada receives:
        | update     | variable | value | version |
        | registered | x        | 0.1   | 1       |
      And Ada receives nothing else

    Example: Changes of other variables in between
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
  Rule: A place that is not there is refused

    Example: From the future
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" 1000 after the last sequence
      Then Ada's watch ends as out of range

    Example: Before the beginning of time
      Given an integer variable "x" holding 1
      When Ada resumes watching "x" after sequence -1
      Then Ada's watch ends as invalid

    @requires_process
    Example: Too late
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
    Example: Too late, but not for what is kept
      Given a bridge with the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 20 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range, naming a sequence from which it can go on

    @requires_process
    Example: Just in time
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
