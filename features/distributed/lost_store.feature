@distributed @requires_process @requires_etcd
Feature: When the store is hurt
  The store, where bridges keep what they share, is an etcd of three members, one of which leads. What two of
  them have is kept. One may be lost without harm; where two are, the bridges say that they are unavailable
  rather than tell or take anything that they cannot be sure of.

  @P6 @W3
  Rule: The loss of one member of the store loses nothing, and clients get on

    Scenario Outline: <what>
      Given bridges of its own, North and South, which share their state
      When 4 clients write while the store's <what>
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there

      Examples:
        | what                                 |
        | leader is killed                     |
        | leader is paused                     |
        | leader is killed and started again   |
        | follower is killed                   |
        | follower is killed and started again |

    Example: Nobody writes meanwhile
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When the store's leader is killed
      Then within 10 s, "x" still holds 2 at version 2
      And within 10 s, at South, "x" still holds 2 at version 2

    Scenario Outline: A bridge starts without the store's <what>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And North was killed
      And the store's <what> was killed
      When North is started again
      Then within 10 s, "x" still holds 1 at version 1

      Examples:
        | what         |
        | leader       |
        | first member |

  @A13 @A4
  Rule: Without most of the store nothing is told and nothing is changed

    Example: Reads and sets are refused
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      When most of the store is killed
      Then within 10 s no bridge lets "x" be read or set any more

    Example: It goes on from what was acknowledged when the store is back
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      And most of the store was killed
      And within 10 s no bridge lets "x" be read or set any more
      And the store is whole again
      When within 15 s, "x" is set to 3
      Then the answer is version 3
      And within 10 s, at South, "x" holds 3 at version 3
      And at South, the history of "x" has the versions 3 down to 1

    Example: A set that was under way is made once
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And most of the store was killed
      And a refused attempt, in which "x" is set to 2, with the request id "r-1"
      And the store is whole again
      When within 15 s, "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 2 at version 2
      And within 10 s, at South, the history of "x" has the versions 2 down to 1

  @W7 @W9
  Rule: Watches are told that the store is lost, and go on when it is back

    Scenario Outline: At <bridge>
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at <bridge>, Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      When most of the store is killed
      Then Ada's watch ends as unavailable within 10 s

      Examples:
        | bridge |
        | North  |
        | South  |

    Example: It is resumed
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And Ada watches "x"
      And Ben follows "x"
      And "x" was set to 2
      And Ada received 1 update
      And most of the store was killed
      And Ada's watch ended as unavailable within 10 s
      And the store is whole again
      And within 15 s, "x" was set to 3
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 3 of "x"
      And Ada receives nothing else
      And Ben is told the versions 2 to 4 of "x", each once

  @P6 @S6
  Rule: All of the store may be started again

    Example: The state is there
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And at South, "x" was set to 2
      And Ada follows "x"
      When all of the store is killed and started again
      Then within 15 s, "x" still holds 2 at version 2
      And within 15 s, at South, "x" still holds 2 at version 2
