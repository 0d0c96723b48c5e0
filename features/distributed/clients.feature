@distributed @requires_process @requires_etcd
Feature: Concurrent clients at several bridges
  Clients may call different bridges at the same time. The result is the same as if there were only one bridge.

  @A5 @A13
  Rule: Exactly one of several writers with the same expected version succeeds across bridges

    @A5.2
    Example: One of ten writers at two bridges sets the expected version
      Given a cluster of the bridges North and South, with clients that fail over
      And a float variable "learning_rate" holding 0.1
      When 10 clients at once each set "learning_rate" to 5, expecting version 1
      Then exactly one is accepted and the others are refused with ABORTED
      And "learning_rate" is at version 2
      And at South, "learning_rate" is at version 2

    @A13.1
    Example: One of ten clients at two bridges registers a name
      Given a cluster of the bridges North and South, with clients that fail over
      When 10 clients at once each register the variable "x"
      Then exactly one is accepted and the others are refused as already existing
      And at South, "x" is at version 1

  @A13 @A13.1
  Rule: Reads and sets at all bridges are linearizable
    It is as if one bridge answered one call after the other.

    Example: Reads and sets of eight clients at two bridges are linearizable
      Given a cluster of the bridges North and South, with clients that fail over
      And an integer variable "x" holding -1
      When 8 clients at once each read and set "x" 25 times
      Then all are accepted
      And one order of the calls explains every read and every write

    Example: Reads and sets are linearizable while a bridge is killed
      Given a new cluster of the bridges North and South, with clients that fail over
      And an integer variable "x" holding -1
      When North is killed at version 50 of "x" while 8 clients at once each read and set "x" 25 times
      Then all are accepted
      And one order of the calls explains every read and every write
