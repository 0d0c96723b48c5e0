@distributed @requires_process @requires_etcd
Feature: Sessions across bridges
  A session is one session at all bridges of a cluster: clients open it, keep it alive and end it at any bridge.

  @S1 @S2
  Rule: A session that is open at one bridge is open at all bridges

    @S1.4
    Example: A session that is opened at one bridge is described at another
      Given a cluster of the bridges North and South
      And at South, an open session, with the metadata {"team": "ranking"}
      When the session is described
      Then the description has:
        | metadata            | variables |
        | {"team": "ranking"} | 0         |

    @S1.2
    Example: Opening a session again at another bridge changes nothing
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.5
      When at South, the session is opened again
      Then the session holds the variables:
        | name | value | version |
        | x    | 0.5   | 1       |

    @S2.2
    Example: A heartbeat at another bridge finds the session open
      Given a cluster of the bridges North and South
      And an open session
      When at South, a heartbeat is sent
      Then the heartbeat says that the session is open

    @S2.1
    Example: A session that was never opened is not found at any bridge
      Given a cluster of the bridges North and South
      When at each bridge, "x" is read
      Then each bridge refuses it as not found, with the same message and violations
      And at South, the session is not open

  @S3 @S3.1
  Rule: Sessions at different bridges share nothing

    Example: Variables of one name in two sessions at different bridges are separate
      Given a cluster of the bridges North and South
      And in session "blue", a float variable "x" holding 0.5
      And at South, in session "green", a string variable "x" holding "half"
      When at South, in session "blue", "x" is set to 0.75
      Then in session "green", "x" still holds "half" at version 1
      And in session "blue", "x" holds 0.75 at version 2

  @S4 @W9 @S4.1
  Rule: A session that is cleaned up at one bridge has ended at all bridges

    Example: A clean-up at one bridge ends the watches at all bridges
      Given a cluster of the bridges North and South
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
  Rule: Calls at any bridge keep a session alive, and without calls it expires

    @S5.3
    Example: Refused calls at another bridge keep a session alive
      Given a cluster of the bridges North and South
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When at South, repeatedly for 1.5 s, "x" is set to "text"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    @S5.1
    Example: A session expires at all bridges, and its watches end
      Given a cluster of the bridges North and South
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And at South, Ada watches "x"
      When at South, the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call
      And the session is not open
      And at South, the session is not open

  @S6
  Rule: A session that is opened again at another bridge starts empty, and its sequence continues

    @S6.1
    Example: A session that is opened again at another bridge is empty
      Given a cluster of the bridges North and South
      And a float variable "x" holding 0.5
      And the session was cleaned up
      When at South, the session is opened
      Then the session holds no variables
      And there is no variable "x"

    @S6.3
    Example: A watch from before a clean-up cannot resume at another bridge
      Given a cluster of the bridges North and South
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And at South, an integer variable "x" holding 1
      And "x" was incremented 3 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    @S6.3
    Example: A watch from before a clean-up cannot resume after its bridge is killed
      Given a new cluster of the bridges North and South
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And North was killed
      And within 10 s, at South, an open session
      And at South, an integer variable "x" holding 1
      And at South, "x" was incremented 3 times
      And Ada connected to South
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range
