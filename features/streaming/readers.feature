@streaming
Feature: Readers that come and go
  A watch that ends, or a reader that vanishes, is nobody else's business.

  @W9
  Rule: A watcher that leaves disturbs nobody, and leaves nothing behind

    Example: Connect, updates, disconnect
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And "x" was set to 0.2
      And Ada received 1 update
      When Ada stops watching
      Then "x" still holds 0.2 at version 2

    Example: One of three vanishes
      Given a float variable "x" holding 0.1
      And Ada, Ben and Cy each watch "x"
      And "x" was set to 0.2
      And Ben hung up
      When "x" is set to 0.3
      Then Ada and Cy each receive:
        | update       | value | previous | version |
        | value change | 0.2   | 0.1      | 2       |
        | value change | 0.3   | 0.2      | 3       |

    @requires_process
    Scenario Outline: The place of a watcher who <leaves> is free again
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 0.1
      And Ada and Ben each watch "x"
      When Ben <leaves>
      Then within 2 s Cy can watch "x"
      And Ada receives nothing else

      Examples:
        | leaves          |
        | stops watching  |
        | hangs up        |

    Example: It can watch again
      Given a float variable "x" holding 0.1
      And Ada watches "x"
      And Ada stopped watching
      And "x" was set to 0.2
      And Ada watches "x", present values included
      When "x" is set to 0.3
      Then Ada receives:
        | update        | value | version |
        | initial value | 0.2   | 2       |
        | value change  | 0.3   | 3       |

    @requires_process
    Example: A line that is cut frees its place too
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 0.1
      And Ada watches "x"
      And Ben watches "x" over a line of their own
      When Ben's line is cut
      Then within 2 s Cy can watch "x"
      And Ada receives nothing else

    Example: Whoever is cut off goes on where they stopped
      Given an integer variable "x" holding 1
      And Ada watches "x" over a line of their own
      And "x" was incremented 5 times
      And Ada received 5 updates
      And Ada's line was cut
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada receives the versions 7 to 11 of "x"
      And Ada receives nothing else

  @W8
  Rule: A reader that stops reading delays nobody, and is not told half of it

    Example: One of two stalls, and flows again
      Given a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x" over a line of their own
      And Ben's line has stalled
      And "x" was set 200 times to long texts
      When Ben's line flows again
      Then Ada receives all of them, in order
      And Ben receives them in order without a gap, to the last or to an end as out of range

    Example: While one of two stalls, the other is told of everything
      Given a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x" over a line of their own
      And Ben's line has stalled
      When "x" is set 200 times to long texts
      Then Ada receives all of them, in order

    @requires_process
    Example: It is told when the log has gone on without it
      Given a bridge with the flags "--watch-log-limit 5"
      And a string variable "x" holding "short"
      And Ada watches "x"
      And Ben watches "x" over a line of their own
      And Ben's line has stalled
      And "x" was set 200 times to long texts
      When Ben's line flows again
      Then Ada receives them in order without a gap, to the last or to an end as out of range
      And Ben receives them in order without a gap, to the last or to an end as out of range

  @W11
  Rule: A thousand watches of one variable all get all of its updates

    Example: Ten updates
      Given an integer variable "x" holding 1
      And 1000 clients watch "x"
      When "x" is incremented 10 times
      Then each of them receives the versions 2 to 11

  @W10 @requires_process
  Rule: An idle watch gets a heartbeat

    Example: It carries the sequence that is current
      Given a bridge with the flags "--heartbeat-interval 0.2"
      And a float variable "x" holding 0.1
      And Ada watches "x"
      When "x" is set to 0.2
      Then Ada receives:
        | update       | value | version |
        | value change | 0.2   | 2       |
      And Ada's watch receives a heartbeat with the sequence of the last update

    Example: It gets one after the other
      Given a bridge with the flags "--heartbeat-interval 0.2"
      And a float variable "x" holding 0.1
      When Ada watches "x"
      Then Ada's watch receives 10 heartbeats in 0.5 to 8 s

    @soak
    Example: Unless told otherwise, it gets one every 30 s
      Given a new bridge
      And a float variable "x" holding 0.1
      When Ada watches "x"
      Then Ada's watch receives 3 heartbeats in 55 to 100 s

    Example: A heartbeat goes on through changes of other variables
      Given a bridge with the flags "--heartbeat-interval 0.2"
      And a float variable "x" holding 0.1
      And a float variable "y" holding 0.1
      And Ada watches "x"
      And Ben watches "y"
      When "y" is set to 0.2
      Then Ben receives:
        | update       | value | version |
        | value change | 0.2   | 2       |
      And Ada's watch receives a heartbeat with the sequence that Ben saw last
      And Ada receives nothing else
