@distributed @requires_process @requires_etcd
Feature: Calls at the bridges of a cluster
  Several bridges can share one store. A client that calls any of them finds the same sessions and
  variables, and does not need to know which bridge owns a session.

  @A3 @A3.2
  Rule: A change at one bridge is visible at the others at once

    Example: A variable that is registered at one bridge is read at another
      Given a cluster of the bridges North and South
      When "learning_rate" is registered as a float holding 0.1
      Then at South, "learning_rate" holds 0.1 at version 1

    Example: A value that is set at the second bridge is read at the first
      Given a cluster of the bridges North and South
      And a float variable "learning_rate" holding 0.1
      When at South, "learning_rate" is set to 0.05
      Then "learning_rate" holds 0.05 at version 2

    @A3.1
    Example: Sets at two bridges in turn make successive versions
      Given a cluster of the bridges North and South
      And at South, a float variable "x" holding 1
      And "x" was set to 2
      And at South, "x" was set to 3
      And "x" was set to 4
      When at South, "x" is set to 5
      Then "x" holds 5.0 at version 5
      And at South, "x" holds 5.0 at version 5

    Example: A value that is set at one bridge is read at a third one
      Given a cluster of the bridges North, South and East
      And a float variable "x" holding 0.1
      When at South, "x" is set to 0.2
      Then at East, "x" holds 0.2 at version 2

    Example: A tensor of 4 MB that is set at one bridge is read at both
      Given a cluster of the bridges North and South
      And a tensor variable "weights" holding {"shape": [1], "data": [0]}
      When at South, "weights" is set to float32 array of shape [1024, 1024]
      Then "weights" holds float32 array of shape [1024, 1024] at version 2
      And at South, "weights" holds float32 array of shape [1024, 1024] at version 2

    Example: A variable and its session are the same at every bridge
      Given a cluster of the bridges North and South
      And at South, an open session, with the metadata {"team": "ranking"}
      And a float variable "x" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And at South, "x" was set to 0.2, with the metadata {"source": "elixir", "status": "tuning"}
      When "x" is set to 0.3
      Then all bridges answer the same about "x"

  @A7 @A8 @A8.1
  Rule: Batches are atomic at every bridge

    Example: An atomic batch of 200 variables is set and read at another bridge
      Given a cluster of the bridges North and South
      And 200 integer variables "v" holding 0 and up
      When at South, the 200 variables "v" are set in an atomic batch to 1000 and up
      Then the 200 variables "v" hold 1000 and up, at version 2
      And at South, the 200 variables "v" hold 1000 and up, at version 2

    @A8.3 @A8.4
    Example: A batch with one invalid value changes nothing at any bridge
      Given a cluster of the bridges North and South
      And the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      When at South, these are set in an atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 0.5   |
      Then the batch fails for:
        | name       | because                |
        | max_tokens | must be a whole number |
      And "temperature" still holds 0.7 at version 1
      And at South, "max_tokens" still holds 256 at version 1

    @A7.1
    Example: Readers at one bridge never see a part of a batch at another
      Given a cluster of the bridges North and South
      And the variables:
        | name  | type    | value |
        | left  | integer | 0     |
        | right | integer | 0     |
      And Reader connected to South
      When one client sets "left" and "right" 100 times in an atomic batch while another reads both in one call
      Then every read returned equal numbers

  @A9 @A10 @A11 @A12
  Rule: Lists, deletions, histories and rollbacks work at every bridge

    @A9.1
    Example: A list has the variables that were registered at any bridge
      Given a cluster of the bridges North and South
      And the variables:
        | name | type    | value |
        | b    | integer | 1     |
        | a    | integer | 1     |
      And at South, an integer variable "c" holding 1
      When at South, the variables are listed
      Then the names listed are "b", "a" and "c"

    @A10.1
    Example: A variable that is deleted at one bridge is gone at all
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.1
      When at South, "x" is deleted
      Then there is no variable "x"
      And at South, there is no variable "x"

    @A11.1 @A11.4 @A12.1
    Example: A rollback at one bridge restores a value that was set at another
      Given a cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      And "x" was set to 3
      When at South, "x" is rolled back to version 2
      Then "x" holds 2 at version 4
      And at South, the history of "x" is:
        | version | value | changed by            |
        | 4       | 2     | rollback to version 2 |
        | 3       | 3     | client                |
        | 2       | 2     | client                |
        | 1       | 1     | client                |

  @A5 @A6
  Rule: Expected versions and request ids work at every bridge

    @A5.1
    Example: A set at another bridge succeeds if it expects the current version
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      When at South, "x" is set to 0.3, expecting version 2
      Then the answer is version 3
      And "x" holds 0.3 at version 3

    @A5.1
    Example: A set at another bridge is refused if it expects an outdated version
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      When at South, "x" is set to 0.3, expecting version 1
      Then it is refused with ABORTED, saying "2"
      And "x" still holds 0.2 at version 2

    @A6.1
    Example: A request that is repeated at another bridge applies once
      Given a cluster of the bridges North and South
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-1"
      And "x" was set to 3
      When at South, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 3 at version 3

  @D1 @D2 @D3
  Rule: Dependencies and optimization locks hold at all bridges

    @D1.3
    Example: A dependency cycle across bridges is refused
      Given a cluster of the bridges North and South
      And the variables:
        | name | type    | value |
        | rate | integer | 1     |
        | loss | integer | 1     |
      And at South, a "derived" dependency of "loss" on "rate" was added
      When a "follows" dependency of "rate" on "loss" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"

    @D2.1 @D2.4
    Example: A variable that is locked at one bridge is locked at another
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.1
      And at South, the optimizer "tuner" locked "x"
      When "x" is set to 0.2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And at South, "x" is locked by the optimizer "tuner"

    @D2.3 @D3.1
    Example: A lock that was taken at one bridge is released at another
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.1
      And at South, the optimizer "tuner" locked "x"
      And "x" was set to 0.2, for the optimizer "tuner"
      When the optimizer "tuner" releases "x"
      Then the final value is 0.2
      And at South, "x" is not locked

  @A4 @K3 @K4 @K3.1 @K4.1 @A4.1
  Rule: A refusal is the same at every bridge

    Scenario Outline: All bridges refuse in the same words: <action>
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.5 with:
        | min | max |
        | 0   | 1   |
      When at each bridge, <action>
      Then each bridge refuses it <status>, with the same message and violations
      And at South, "x" still holds 0.5 at version 1

      Examples:
        | action                                                                         | status                   |
        | "x" is set to 1.5                                                              | as invalid               |
        | "x" is set to "half"                                                           | as invalid               |
        | "x" is registered as a float holding 0.5                                       | as already existing      |
        | "y" is registered as a float holding 0.5, under the constraints `{"min": "1"}` | as invalid               |
        | "nothing_here" is read                                                         | as not found             |
        | "x" is rolled back to version 7                                                | as out of range          |
        | "x" is set to 0.7, expecting version 3                                         | with ABORTED             |
        | the optimizer "tuner" releases "x"                                             | with FAILED_PRECONDITION |
        | the tool "nothing_here" runs                                                   | as not found             |
