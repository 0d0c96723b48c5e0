@distributed @requires_process @requires_etcd
Feature: Failures of the store
  The store is an etcd cluster of three members, one of which is the leader; a change is durable on two of them.
  One member may fail without effect. Without a majority, bridges refuse calls as unavailable rather than answer
  outdated values or accept changes that could be lost.

  @P6 @W3 @P6.1
  Rule: The failure of one member of the store loses nothing, and clients continue

    @W3.1
    Scenario Outline: Clients continue to write while the store's <what>
      Given a new cluster of the bridges North and South
      When 4 clients write while the store's <what>
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost

      Examples:
        | what                             |
        | leader is killed                 |
        | leader is paused                 |
        | leader is killed and restarted   |
        | follower is killed               |
        | follower is killed and restarted |

    Example: Values are read after the store's leader is killed
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When the store's leader is killed
      Then within 10 s, "x" still holds 2 at version 2
      And within 10 s, at South, "x" still holds 2 at version 2

    Scenario Outline: A bridge starts without the store's <what>
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And North was killed
      And the store's <what> was killed
      When North is restarted
      Then within 10 s, "x" still holds 1 at version 1

      Examples:
        | what         |
        | leader       |
        | first member |

  @A13 @A4
  Rule: Without a majority of the store, reads and sets are refused

    @A13.1
    Example: Each bridge refuses reads and sets without a majority of the store
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When the store's majority is killed
      Then within 10 s each bridge refuses to read and to set "x" as unavailable

    @A4.1 @A4.2
    Example: Versions continue after the acknowledged one when the store is back
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      And the store's majority was killed
      And within 10 s each bridge refuses to read and to set "x" as unavailable
      And the store was restarted
      When within 15 s, "x" is set to 3
      Then the answer is version 3
      And within 10 s, at South, "x" holds 3 at version 3
      And at South, the history of "x" has the versions 3 down to 1

    @A4.1 @A4.2
    Example: A set that was refused without the store applies once when it is repeated
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And the store's majority was killed
      And a refused attempt, in which "x" is set to 2, with the request id "r-1"
      And the store was restarted
      When within 15 s, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 2 at version 2
      And within 10 s, at South, the history of "x" has the versions 2 down to 1

  @W7 @W9
  Rule: Watches end as unavailable when the store is lost, and resume when it is back

    Scenario Outline: A watch at <bridge> ends as unavailable without a majority of the store
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      When the store's majority is killed
      Then Ada's watch ends as unavailable within 10 s

      Examples:
        | bridge |
        | North  |
        | South  |

    @W7.1
    Example: A watch and a follower resume when the store is back
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And Ada watches "x"
      And Ben follows "x"
      And "x" was set to 2
      And Ada received 1 update
      And the store's majority was killed
      And Ada's watch ended as unavailable within 10 s
      And the store was restarted
      And within 15 s, "x" was set to 3
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 3 of "x"
      And Ada receives nothing else
      And Ben receives the versions 2 to 4 of "x", each once

  @P6 @S6 @P6.1
  Rule: State survives when the whole store is restarted

    Example: Values are read after the whole store is killed and restarted
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      And Ada follows "x"
      When the store is killed and restarted
      Then within 15 s, "x" still holds 2 at version 2
      And within 15 s, at South, "x" still holds 2 at version 2
