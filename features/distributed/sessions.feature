@distributed @requires_process @requires_etcd
Feature: Sessions across bridges
  A session is one session at all bridges that share their state: it is opened, kept alive and ended at any of
  them.

  @S1 @S2
  Rule: A session that is open at one bridge is open at all

    Example: Opened at South, described at North
      Given the bridges North and South, which share their state
      And at South, an open session, with the metadata {"team": "ranking"}
      When the session is described
      Then the description has:
        | metadata            | variables |
        | {"team": "ranking"} | 0         |

    Example: Opened again at the other, it is what it was
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.5
      When at South, the session is opened again
      Then the session holds the variables:
        | name | value | version |
        | x    | 0.5   | 1       |

    Example: A heartbeat at the other
      Given the bridges North and South, which share their state
      And an open session
      When at South, a heartbeat is sent
      Then the heartbeat says that the session is open

    Example: One that is not open at all
      Given the bridges North and South, which share their state
      When at each bridge, "x" is read
      Then each refuses it as not found, in the same words and for the same fields
      And at South, the session is not open

  @S3
  Rule: Sessions at different bridges share nothing

    Example: The same name in two sessions
      Given the bridges North and South, which share their state
      And in session "blue", a float variable "x" holding 0.5
      And at South, in session "green", a string variable "x" holding "half"
      When at South, in session "blue", "x" is set to 0.75
      Then in session "green", "x" still holds "half" at version 1
      And in session "blue", "x" holds 0.75 at version 2

  @S4 @W9
  Rule: A session that is cleaned up at one bridge has ended at all

    Example: With its variables and its watches
      Given the bridges North and South, which share their state
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And at South, Ada watches "a"
      And Ben watches "b"
      When at South, the session is cleaned up
      Then 4 resources are cleaned up
      And Ada's watch ends as not found
      And Ben's watch ends as not found
      And the session is not open
      And at South, the session is not open

  @S5
  Rule: A call at any bridge keeps a session, and without calls it ends

    Example: Calls at the other bridge renew it, also refused ones
      Given the bridges North and South, which share their state
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When at South, repeatedly for 1.5 s, "x" is set to "text"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    Example: It ends for all, and its watches learn of it
      Given the bridges North and South, which share their state
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And at South, Ada watches "x"
      When at South, the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call
      And the session is not open
      And at South, the session is not open

  @S6
  Rule: A session that is opened again at another bridge starts empty, and its sequence goes on

    Example: Nothing of the old one shows
      Given the bridges North and South, which share their state
      And a float variable "x" holding 0.5
      And the session was cleaned up
      When at South, the session is opened
      Then the session holds no variables
      And there is no variable "x"

    Example: An old watch cannot be resumed in it
      Given the bridges North and South, which share their state
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And at South, an integer variable "x" holding 1
      And "x" was incremented 3 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    Example: Nor where the bridge that had it is gone
      Given bridges of its own, North and South, which share their state
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And North was killed
      And within 10 s, at South, an open session
      And at South, an integer variable "x" holding 1
      And at South, "x" was incremented 3 times
      And Ada is at South
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range
