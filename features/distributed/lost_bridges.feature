@distributed @requires_process @requires_etcd
Feature: When a bridge is lost
  Any of the bridges that share their state may end, be killed or hang, at any moment: the others go on with
  all that it had acknowledged. Whoever follows a variable has a watch that is put in place again wherever it
  is cut off, at any bridge that is left, and goes on after what it was told last.

  @P6
  Rule: What a bridge had acknowledged is at the others when it is killed

    Example: The value
      Given bridges of its own, North and South, which share their state
      And a float variable "learning_rate" holding 0.1
      And "learning_rate" was set to 0.05
      When North is killed
      Then within 5 s, at South, "learning_rate" holds 0.05 at version 2

    Example: All that is known of the session
      Given bridges of its own, North and South, which share their state
      And an open session, with the metadata {"team": "ranking"}
      And an integer variable "x" holding 1 with:
        | min | max |
        | 0   | 9   |
      And a float variable "y" holding 0.5
      And a tensor variable "weights" holding float32 array of shape [512, 512]
      And "x" was incremented 4 times
      And a "derived" dependency of "y" on "x" was added
      And the optimizer "tuner" locked "y"
      And "x" was set to 6, with the request id "r-1"
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And the state of "x" was noted
      When North is killed
      Then within 5 s, at South, the state of "x" is as noted
      And at South, "weights" holds float32 array of shape [512, 512] at version 1
      And at South, the history of "x" has the versions 6 down to 1
      And at South, "y" is locked by the optimizer "tuner"
      And at South, the registered tools are "train"

    Scenario Outline: What holds for the session holds on: <action>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1 with:
        | min | max |
        | 0   | 9   |
      And a float variable "y" holding 0.5
      And a "derived" dependency of "y" on "x" was added
      And the optimizer "tuner" locked "y"
      And North was killed
      And within 5 s, at South, an open session
      When at South, <action>
      Then it is refused <status>

      Examples:
        | action                         | status                   |
        | "x" is set to 10               | as invalid               |
        | a "follows" dependency of "x" on "y" is added | with FAILED_PRECONDITION |
        | "y" is set to 0.7              | with FAILED_PRECONDITION |

    Example: A set that is repeated at another bridge applies once
      Given bridges of its own, North and South, which share their state
      And a float variable "x" holding 0.1
      And "x" was set to 0.2, with the request id "r-1"
      And "x" was set to 0.3
      And North was killed
      When within 5 s, at South, "x" is set to 0.2, with the request id "r-1"
      Then the answer is version 2
      And at South, "x" still holds 0.3 at version 3

    Example: Where the others cannot see that it is dead, and wait for its silence
      Given bridges of its own, North and South, which share their state from machine to machine
      And an integer variable "x" holding 1
      And "x" was set to 2
      And Ada follows "x"
      And North was killed
      When within 10 s, at South, "x" is set to 3
      Then the answer is version 3
      And Ada is told the versions 3 to 3 of "x", each once

    Example: Killed again and again while clients write
      Given bridges of its own, North and South, which share their state
      When 4 clients write while one bridge after the other is killed, 5 times in all
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there

    Example: One of three, taken over by any of those that are left
      Given bridges of its own, North, South and East, which share their state
      When 4 clients write while North is killed
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there

    Example: All of them, and started again
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When all bridges are killed and started again
      Then within 10 s, "x" still holds 2 at version 2
      And at South, "x" still holds 2 at version 2

  @P6 @A8
  Rule: No half of a batch is there when a bridge is killed

    Example: Killed again and again while batches are written
      Given bridges of its own, North and South, which share their state
      When 4 clients write batches at a bridge until it is killed, 3 times, each time at another
      Then every change that was acknowledged is there
      And every batch is there as a whole
      And whoever watched was told of each change once, and of none that is not there

  @W7 @W9
  Rule: A watch of a bridge that is killed ends with a clear word, and goes on at another

    Scenario Outline: It was at <bridge>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And North was killed
      And within 5 s, at South, "x" was set to 5
      And Ada is at South
      When Ada resumes watching "x"
      Then Ada receives the versions 5 to 5 of "x"
      And Ada receives nothing else

      Examples:
        | bridge |
        | North  |
        | South  |

    Scenario Outline: It is told, at <bridge>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      When North is killed
      Then Ada's watch ends as unavailable
      And within 5 s, at South, "x" still holds 1 at version 1

      Examples:
        | bridge |
        | North  |
        | South  |

    Example: Whoever follows is told of each change once
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And Ada follows "x"
      And at South, Ben follows "x"
      And "x" was incremented 20 times
      And North was killed
      When within 5 s, at South, "x" is incremented 20 times
      Then Ada is told the versions 2 to 41 of "x", each once
      And Ben is told the versions 2 to 41 of "x", each once

  @P4
  Rule: A bridge that is told to end hands over at once

    Example: The other one answers for its sessions
      Given bridges of its own, North and South, which share their state from machine to machine
      And an integer variable "x" holding 1
      And "x" was set to 2
      When North is told to end
      Then it has ended with exit code 0
      And within 1 s, at South, "x" still holds 2 at version 2

    Scenario Outline: Its watches are told, at <bridge>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      When North is told to end
      Then Ada's watch ends as unavailable
      And it has ended with exit code 0

      Examples:
        | bridge |
        | North  |
        | South  |

  @A13 @P6
  Rule: A bridge that was away too long does not answer what it remembers

    Example: It was paused, and another took its sessions over
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And North was paused
      And 20 reads of "x" are waiting at North
      And within 15 s, at South, "x" was set to 2
      When North goes on
      Then each of these reads is answered with 2 at version 2, or as unavailable
      And within 10 s, "x" holds 2 at version 2
      And at South, "x" still holds 2 at version 2

    Example: What it was asked to change while it was away is changed once or not at all
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And North was paused
      And within 15 s, at South, "x" was set to 2, with the request id "r-1"
      And North goes on again
      When within 10 s, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And at South, "x" still holds 2 at version 2

    Example: What it was about to write when it was paused does not spoil what others wrote
      Given bridges of its own, North and South, which share their state
      When 12 clients write while North is paused until clients have got on without it
      And all bridges are killed and started again
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there

    Example: What it had sent to the store comes too late, and does not spoil what others wrote
      Given bridges of its own, North and South, which share their state over lines that can stall
      When 12 clients write while North's line to the store stalls until clients have got on without it
      And all bridges are killed and started again
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there
