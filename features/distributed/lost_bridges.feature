@distributed @requires_process @requires_etcd
Feature: Failover when a bridge is lost
  Any bridge of a cluster may be stopped, killed or paused at any moment. The other bridges continue with all
  acknowledged changes, and followers resume at another bridge after the last update that they received.

  @P6 @P6.1
  Rule: Acknowledged changes survive when a bridge is killed

    Example: A value that was set at a killed bridge is read at another
      Given a new cluster of the bridges North and South
      And a float variable "learning_rate" holding 0.1
      And "learning_rate" was set to 0.05
      When North is killed
      Then within 5 s, at South, "learning_rate" holds 0.05 at version 2

    @P6.2
    Example: History, dependencies, locks and tools survive when a bridge is killed
      Given a new cluster of the bridges North and South
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

    @P6.2
    Scenario Outline: Constraints, dependencies and locks hold after a bridge is killed: <action>
      Given a new cluster of the bridges North and South
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
        | action                                        | status                   |
        | "x" is set to 10                              | as invalid               |
        | a "follows" dependency of "x" on "y" is added | with FAILED_PRECONDITION |
        | "y" is set to 0.7                             | with FAILED_PRECONDITION |

    Example: A set that is repeated after a bridge is killed applies once
      Given a new cluster of the bridges North and South
      And a float variable "x" holding 0.1
      And "x" was set to 0.2, with the request id "r-1"
      And "x" was set to 0.3
      And North was killed
      When within 5 s, at South, "x" is set to 0.2, with the request id "r-1"
      Then the answer is version 2
      And at South, "x" still holds 0.3 at version 3

    @P6.3
    Example: A bridge on another machine takes over when the liveness record of a killed bridge expires
      Given a new cluster of the bridges North and South, on different machines
      And an integer variable "x" holding 1
      And "x" was set to 2
      And Ada follows "x"
      And North was killed
      When within 10 s, at South, "x" is set to 3
      Then the answer is version 3
      And Ada receives the versions 3 to 3 of "x", each once

    @P6.3
    Example: No acknowledged change is lost while bridges are killed in turn
      Given a new cluster of the bridges North and South
      When 4 clients write values while one bridge after the other is killed and restarted, 5 times in all
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost

    @P6.3
    Example: Two of three bridges take over while clients write
      Given a new cluster of the bridges North, South and East
      When 4 clients write while North is killed
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost

    Example: Values survive when all bridges are killed and restarted
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When every bridge is killed and restarted
      Then within 10 s, "x" still holds 2 at version 2
      And at South, "x" still holds 2 at version 2

  @P6 @A8 @A8.1 @P6.1 @P6.3
  Rule: A batch is applied completely or not at all when a bridge is killed

    Example: No batch is applied in part while bridges are killed in turn
      Given a new cluster of the bridges North and South
      When 4 clients write batches while one bridge after the other is killed and restarted, 3 times in all
      Then no acknowledged change is lost
      And no batch is applied in part
      And a watch has received each change once, and none that was lost

  @W7 @W9
  Rule: A watch ends as unavailable when the session's bridge is killed, and resumes at another

    @W7.1
    Scenario Outline: A watch at <bridge> resumes at South after North is killed
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And North was killed
      And within 5 s, at South, "x" was set to 5
      And Ada connected to South
      When Ada resumes watching "x"
      Then Ada receives the versions 5 to 5 of "x"
      And Ada receives nothing else

      Examples:
        | bridge |
        | North  |
        | South  |

    Scenario Outline: A watch at <bridge> ends as unavailable when North is killed
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      When North is killed
      Then Ada's watch ends as unavailable
      And within 5 s, at South, "x" still holds 1 at version 1

      Examples:
        | bridge |
        | North  |
        | South  |

    @W7.1
    Example: Followers receive each change once when a bridge is killed
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And Ada follows "x"
      And at South, Ben follows "x"
      And "x" was incremented 20 times
      And North was killed
      When within 5 s, at South, "x" is incremented 20 times
      Then Ada receives the versions 2 to 41 of "x", each once
      And Ben receives the versions 2 to 41 of "x", each once

  @P4 @P4.1
  Rule: A bridge that receives SIGTERM hands its sessions over at once

    Example: Another bridge serves a session within 1 s of SIGTERM
      Given a new cluster of the bridges North and South, on different machines
      And an integer variable "x" holding 1
      And "x" was set to 2
      When North receives SIGTERM
      Then North ends with exit code 0
      And within 1 s, at South, "x" still holds 2 at version 2

    @P4.3
    Scenario Outline: A watch at <bridge> ends as unavailable when North receives SIGTERM
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      When North receives SIGTERM
      Then Ada's watch ends as unavailable
      And North ends with exit code 0

      Examples:
        | bridge |
        | North  |
        | South  |

  @A13 @P6
  Rule: A bridge that lost its sessions while it was paused neither answers nor writes outdated state

    @A13.1
    Example: A resumed bridge answers no outdated value after a takeover
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And North was paused
      And 20 reads of "x" wait at North
      And within 15 s, at South, "x" was set to 2
      When North is resumed
      Then each read is answered with 2 at version 2, or as unavailable
      And within 10 s, "x" holds 2 at version 2
      And at South, "x" still holds 2 at version 2

    @P6.1
    Example: A request that is repeated at a resumed bridge applies once
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And North was paused
      And within 15 s, at South, "x" was set to 2, with the request id "r-1"
      And North was resumed
      When within 10 s, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And at South, "x" still holds 2 at version 2

    @P6.1
    Example: Writes of a bridge that was paused do not replace newer ones
      Given a new cluster of the bridges North and South
      When 12 clients write while North is paused until clients have written more
      And every bridge is killed and restarted
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost

    @P6.1
    Example: Delayed writes of a bridge that was cut off from the store do not replace newer ones
      Given a new cluster of the bridges North and South, with a proxy to the store
      When 12 clients write while North is cut off from the store until clients have written more
      And every bridge is killed and restarted
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost
