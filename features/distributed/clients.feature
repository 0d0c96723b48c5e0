@distributed @requires_process @requires_etcd
Feature: Clients at several bridges at once
  Clients may come to any of the bridges that share their state, all at the same time. It is as if there
  were one bridge alone.

  @A5 @A13
  Rule: Of several writers with one version exactly one wins, whichever bridges they are at

    Example: Ten writers at two bridges
      Given the bridges North and South, which share their state
      And clients that know all bridges, and call again where one is unavailable
      And a float variable "learning_rate" holding 0.1
      When 10 clients at once each set "learning_rate" to 5, expecting version 1
      Then exactly one is accepted and the others are refused with ABORTED
      And "learning_rate" is at version 2
      And at South, "learning_rate" is at version 2

    Example: Ten clients at two bridges register the same name
      Given the bridges North and South, which share their state
      And clients that know all bridges, and call again where one is unavailable
      When 10 clients at once each register the variable "x"
      Then exactly one is accepted and the others are refused as already existing
      And at South, "x" is at version 1

  @A13
  Rule: One order explains what clients at all bridges read and wrote

    Example: Eight clients read and set one variable
      Given the bridges North and South, which share their state
      And clients that know all bridges, and call again where one is unavailable
      And an integer variable "x" holding -1
      When 8 clients at once each read and set "x" 25 times
      Then all are accepted
      And one order of the calls explains every read and every write

    Example: While the bridge that they began at is killed
      Given bridges of its own, North and South, which share their state
      And clients that know all bridges, and call again where one is unavailable
      And an integer variable "x" holding -1
      When North is killed at version 50 of "x", and 8 clients at once each read and set "x" 25 times
      Then all are accepted
      And one order of the calls explains every read and every write
