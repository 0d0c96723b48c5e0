@streaming
Feature: Readers of watches
  Clients disconnect, stop reading, or come in great numbers. None of that delays another client or takes resources for
  good.

  @W9 @W7
  Rule: A watch that ends disturbs no other client and leaves nothing behind

    @W9.2
    Example: A variable keeps its value when its watch ends
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And "x" was set to 0.2
      And Ada received 1 update
      When Ada stops watching
      Then "x" still holds 0.2 at version 2

    @W9.2
    Example: Two of three watches go on when the client of the third disconnects
      Given a float variable "x" holding 0.1
      And Ada, Ben and Cy each watch "x"
      And "x" was set to 0.2
      And Ben disconnected
      When "x" is set to 0.3
      Then Ada and Cy each receive:
        | update       | value | previous | version |
        | value change | 0.2   | 0.1      | 2       |
        | value change | 0.3   | 0.2      | 3       |

    @W9.1 @W9.2 @requires_process
    Scenario Outline: Another client can watch after one <leaves>
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 0.1
      And Ada and Ben each watch "x"
      When Ben <leaves>
      Then Cy can watch "x" within 2 s
      And Ada receives nothing else

      Examples:
        | leaves         |
        | stops watching |
        | disconnects    |

    @W9.1 @S4 @S4.1
    Example: A clean-up does not count a watch that was cancelled
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And Ben watches "x"
      And Ben stopped watching
      And repeatedly for 2.2 s, "x" is read
      When the session is cleaned up
      Then 2 resources are cleaned up

    @W9.1
    Example: A client can watch again after it has stopped
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And Ada stopped watching
      And "x" was set to 0.2
      And Ada watches "x", with initial values
      When "x" is set to 0.3
      Then Ada receives:
        | update        | value | version |
        | initial value | 0.2   | 2       |
        | value change  | 0.3   | 3       |

    @W9.1 @W9.2 @requires_process
    Example: Another client can watch after a connection is cut
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 0.1
      And Ada watches "x"
      And Ben watches "x", through a proxy
      When Ben's connection is cut
      Then Cy can watch "x" within 2 s
      And Ada receives nothing else

    @W9.1 @W9.2 @requires_process
    Example: Another client can watch after the connection of a stalled reader is cut
      Given a bridge with the flags "--max-watches 2"
      And a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      And "x" was set to 200 long texts in turn
      When Ben's connection is cut
      Then Cy can watch "x" within 2 s
      And Ada receives all 200 long texts in order

    @W7.1 @requires_current_fields
    Example: A watch whose connection was cut resumes without a gap
      Given an integer variable "x" holding 1
      And Ada watches "x", through a proxy
      And "x" was incremented 5 times
      And Ada received 5 updates
      And Ada's connection was cut
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada receives the versions 7 to 11 of "x"
      And Ada receives nothing else

    @W9.1 @S4 @S4.1 @W7 @requires_current_fields
    Example: A clean-up does not count a resumed watch that was cancelled
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And Ada resumes watching "x"
      And Ada stopped watching
      And repeatedly for 2.2 s, "x" is read
      When the session is cleaned up
      Then 1 resource is cleaned up

  @W8
  Rule: A client that stops reading delays no other client, and misses nothing without an error

    @W8.2
    Example: A stalled reader receives every update in order, or an error
      Given a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      And "x" was set to 200 long texts in turn
      When Ben's connection is resumed
      Then Ada receives all 200 long texts in order
      And Ben receives the 200 long texts in order, to the last or to the end of the watch as too slow

    @W8.1
    Example: Other watches receive every update while one reader is stalled
      Given a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      When "x" is set to 200 long texts in turn
      Then Ada receives all 200 long texts in order

    @W8.2 @requires_process
    Example: A stalled reader receives every update in order, or an error, with a short change log
      Given a bridge with the flags "--watch-log-limit 5"
      And a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      And "x" was set to 200 long texts in turn
      When Ben's connection is resumed
      Then Ada receives the 200 long texts in order, to the last or to the end of the watch as too slow
      And Ben receives the 200 long texts in order, to the last or to the end of the watch as too slow

    @W8.1 @S4 @S4.1
    Example: A clean-up is answered while the reader of a watch is stalled
      Given a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      And "x" was set to 200 long texts in turn
      When the session is cleaned up
      Then it is accepted
      And Ada's watch ends as not found within 2 s
      And the session is not open

  @W8 @W8.3
  Rule: No batch is too large for a watch that is read

    Example: A watch receives every update of a batch of a thousand variables, with their followers
      Given an open session
      And 1000 integer variables "v" holding 1 and up
      And the 200 variables "v" follow "v999"
      And Ada watches every variable
      When the 1000 variables "v" are set in an atomic batch to 5001 and up
      Then Ada receives the update value change for each of the 1000 variables "v", holding 5001 and up
      And Ada receives the update dependency change for each of the 200 variables "v", holding 5001 and up
      And Ada receives nothing else

    @requires_process
    Example: A watch receives every update of a batch that is larger than the change log
      Given a bridge with the flags "--watch-log-limit 20"
      And an open session
      And 200 integer variables "v" holding 1 and up
      And Ada watches every variable
      When the 200 variables "v" are set in an atomic batch to 5001 and up
      Then Ada receives the update value change for each of the 200 variables "v", holding 5001 and up
      And Ada receives nothing else

  @W11 @S7 @W11.1 @S7.3
  Rule: A thousand watches of one variable all receive all of its updates

    Example: A thousand watches receive ten updates
      Given an integer variable "x" holding 1
      And 1000 clients watch "x"
      When "x" is incremented 10 times
      Then each client receives the versions 2 to 11

  @W10 @W10.1
  Rule: An idle watch receives heartbeats

    @requires_current_fields
    Example: A heartbeat has the current sequence
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And Ada watches "x"
      When "x" is set to 0.2
      Then Ada receives:
        | update       | value | version |
        | value change | 0.2   | 2       |
      And Ada receives a heartbeat with the sequence of Ada's last update

    @W10.3
    Example: An idle watch receives heartbeats at the configured interval
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      When Ada watches "x"
      Then Ada receives 10 heartbeats at the configured interval

    Example: An idle watch receives heartbeats while another variable changes without a pause
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And a float variable "y" holding 0.1
      And Ada watches "x"
      When repeatedly for 2.5 s, "y" is set to 0.2
      Then Ada receives 1 heartbeat in 0 to 0.1 s

    @requires_current_fields
    Example: A resumed watch receives heartbeats
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And Ada watches "x"
      And "x" was set to 0.2
      And Ada received 1 update
      And Ada stopped watching
      When Ada resumes watching "x"
      Then Ada receives 2 heartbeats at the configured interval

    @W10.2 @soak @requires_process
    Example: An idle watch receives a heartbeat every 30 s by default
      Given a new bridge
      And a float variable "x" holding 0.1
      When Ada watches "x"
      Then Ada receives 3 heartbeats in 55 to 100 s

    @requires_current_fields
    Example: An idle watch receives heartbeats while other variables change
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And a float variable "y" holding 0.1
      And Ada watches "x"
      And Ben watches "y"
      When "y" is set to 0.2
      Then Ben receives:
        | update       | value | version |
        | value change | 0.2   | 2       |
      And Ada receives a heartbeat with the sequence of Ben's last update
      And Ada receives nothing else

    @requires_current_fields
    Example: A watch with initial values receives heartbeats
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      When Ada watches "x", with initial values
      Then Ada receives:
        | update        | value | version |
        | initial value | 0.1   | 1       |
      And Ada receives a heartbeat with the sequence of Ada's last update

    Example: Two idle watches both receive heartbeats
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      When Ada and Ben each watch "x"
      Then Ada receives 3 heartbeats in 0 to 10 s
      And Ben receives 3 heartbeats in 0 to 10 s

    Example: An idle watch receives heartbeats after another one has ended
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And Ada and Ben each watch "x"
      And Ben stopped watching
      When "x" is read
      Then Ada receives 3 heartbeats in 0 to 10 s

    @requires_current_service @requires_older_service
    Example: An idle watch of the older service name receives heartbeats
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And under the older service name, Ada watches "x"
      When "x" is read
      Then Ada receives 3 heartbeats in 0 to 10 s

    @W5 @W5.2 @requires_current_fields
    Example: A watch whose variable was deleted receives heartbeats
      Given a bridge with short heartbeats
      And a float variable "x" holding 0.1
      And Ada watches "x"
      When "x" is deleted
      Then Ada receives:
        | update  | variable | value | version |
        | deleted | x        | 0.1   | 1       |
      And Ada receives a heartbeat with the sequence of Ada's last update
