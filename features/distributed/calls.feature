@distributed @requires_process @requires_etcd
Feature: One state, several bridges
  Several bridges can share their state: they keep it in one store, and whoever calls any of them finds the
  same sessions with the same variables. Nobody needs to know which bridge does the work.

  @A3
  Rule: What was written at one bridge is read at the others at once

    Example: Registered at North, read at South
      Given the bridges North and South, which share their state
      When "learning_rate" is registered as a float holding 0.1
      Then at South, "learning_rate" holds 0.1 at version 1

    Example: Set at South, read at North
      Given the bridges North and South, which share their state
      And a float variable "learning_rate" holding 0.1
      When at South, "learning_rate" is set to 0.05
      Then "learning_rate" holds 0.05 at version 2

    Example: Set at either in turn
      Given the bridges North and South, which share their state
      And at South, a float variable "x" holding 1
      And "x" was set to 2
      And at South, "x" was set to 3
      And "x" was set to 4
      When at South, "x" is set to 5
      Then "x" holds 5.0 at version 5
      And at South, "x" holds 5.0 at version 5

    Example: A third bridge
      Given the bridges North, South and East, which share their state
      And a float variable "x" holding 0.1
      When at South, "x" is set to 0.2
      Then at East, "x" holds 0.2 at version 2

    Example: A tensor of 4 MB
      Given the bridges North and South, which share their state
      And a tensor variable "weights" holding {"shape": [1], "data": [0]}
      When at South, "weights" is set to float32 array of shape [1024, 1024]
      Then "weights" holds float32 array of shape [1024, 1024] at version 2
      And at South, "weights" holds float32 array of shape [1024, 1024] at version 2

    Example: All that is known is the same everywhere
      Given the bridges North and South, which share their state
      And at South, an open session, with the metadata {"team": "ranking"}
      And a float variable "x" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And at South, "x" was set to 0.2, with the metadata {"source": "elixir", "status": "tuning"}
      When "x" is set to 0.3
      Then all bridges tell the same of "x"

  @A7 @A8
  Rule: Batches through another bridge are read, and are set or refused, as one

    Example: Two hundred variables
      Given the bridges North and South, which share their state
      And 200 variables "v", each holding its number
      When at South, all 200 variables "v" are set together, each to its number and 1000
      Then all 200 variables "v" hold their number and 1000, at version 2
      And at South, all 200 variables "v" hold their number and 1000, at version 2

    Example: One is at fault
      Given the bridges North and South, which share their state
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

    Example: A batch at one is never seen half done at the other
      Given the bridges North and South, which share their state
      And the variables:
        | name  | type    | value |
        | left  | integer | 0     |
        | right | integer | 0     |
      And Reader is at South
      When one client sets "left" and "right" 100 times in an atomic batch while another reads both in one call
      Then every read returned equal numbers

  @A9 @A10 @A11 @A12
  Rule: Every other call about variables is answered at every bridge

    Example: Listing
      Given the bridges North and South, which share their state
      And the variables:
        | name | type    | value |
        | b    | integer | 1     |
        | a    | integer | 1     |
      And at South, an integer variable "c" holding 1
      When at South, the variables are listed
      Then the names listed are "b", "a" and "c"

    Example: Deleting
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.1
      When at South, "x" is deleted
      Then there is no variable "x"
      And at South, there is no variable "x"

    Example: History and rolling back
      Given the bridges North and South, which share their state
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
  Rule: Conditions on a set hold whichever bridge is asked

    Example: An expected version
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      When at South, "x" is set to 0.3, expecting version 2
      Then the answer is version 3
      And "x" holds 0.3 at version 3

    Example: A version that is not current any more
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      When at South, "x" is set to 0.3, expecting version 1
      Then it is refused with ABORTED, saying "2"
      And "x" still holds 0.2 at version 2

    Example: A request that is repeated at another bridge
      Given the bridges North and South, which share their state
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-1"
      And "x" was set to 3
      When at South, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 3 at version 3

  @D1 @D2 @D3
  Rule: Dependencies and optimizers hold for all bridges

    Example: A cycle across bridges
      Given the bridges North and South, which share their state
      And the variables:
        | name | type    | value |
        | rate | integer | 1     |
        | loss | integer | 1     |
      And at South, a "derived" dependency of "loss" on "rate" was added
      When a "follows" dependency of "rate" on "loss" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"

    Example: A variable that is optimized through one bridge is locked at the other
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.1
      And at South, the optimizer "tuner" locked "x"
      When "x" is set to 0.2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And at South, "x" is locked by the optimizer "tuner"

    Example: It is given back through the other
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.1
      And at South, the optimizer "tuner" locked "x"
      And "x" was set to 0.2, for the optimizer "tuner"
      When the optimizer "tuner" releases "x"
      Then the final value is 0.2
      And at South, "x" is not locked

  @A4 @K3 @K4
  Rule: A refusal is the same at every bridge

    Scenario Outline: <action>
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.5 with:
        | min | max |
        | 0   | 1   |
      When at each bridge, <action>
      Then each refuses it <status>, in the same words and for the same fields
      And at South, "x" still holds 0.5 at version 1

      Examples:
        | action                                                                    | status                   |
        | "x" is set to 1.5                                                         | as invalid               |
        | "x" is set to "half"                                                      | as invalid               |
        | "x" is registered as a float holding 0.5                                  | as already existing      |
        | "y" is registered as a float holding 0.5, under the constraints `{"min": "1"}` | as invalid               |
        | "nothing_here" is read                                                    | as not found             |
        | "x" is rolled back to version 7                                           | as out of range          |
        | "x" is set to 0.7, expecting version 3 | with ABORTED             |
        | the optimizer "tuner" releases "x" | with FAILED_PRECONDITION |
        | the tool "nothing_here" runs                                              | as not found             |
