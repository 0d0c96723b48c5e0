@distributed @requires_process @requires_etcd @requires_current_service @requires_standard_tools
Feature: Tools across bridges
  A tool can be run at any bridge of a cluster, and has access to the variables of the session.

  @X2 @X5
  Rule: A tool gives the same answer at every bridge

    @X2.4
    Example: A tool returns its result through another bridge
      Given a cluster of the bridges North and South
      And an open session
      When at South, the tool "add" runs with {"a": 2.5, "b": 0.5}
      Then the tool answers 3.0

    @X5.1
    Example: A tool that is run through another bridge changes a variable of the session
      Given a cluster of the bridges North and South
      And an integer variable "count" holding 41
      When at South, the tool "increment" runs with {"name": "count"}
      Then the tool answers 42
      And "count" holds 42 at version 2

    @X2.5
    Example: A tool that fails reports its message through another bridge
      Given a cluster of the bridges North and South
      And an open session
      When at South, the tool "fail" runs with {"message": "out of patience"}
      Then the tool fails, saying "out of patience"

    @X2.1
    Example: A missing parameter is refused as invalid at another bridge
      Given a cluster of the bridges North and South
      And an open session
      When at South, the tool "add" runs with {"a": 1.5}
      Then it is refused as invalid

  @X4
  Rule: Chunks arrive through another bridge as they are made

    @X4.1
    Example: A thousand chunks arrive in order through another bridge
      Given a cluster of the bridges North and South
      And an open session
      When at South, the tool "count" streams with {"n": 1000}
      Then the chunks are 1 to 1000

    @X4.2
    Example: The chunks before a failure arrive through another bridge
      Given a cluster of the bridges North and South
      And an open session
      When at South, the tool "fail_after" streams with {"n": 3}
      Then it is refused with INTERNAL
      And the chunks before the failure are [1, 2, 3]

    @X4.5
    Example: A client cancels a stream of another bridge
      Given a cluster of the bridges North and South
      And an open session
      And at South, Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When Ada cancels the stream
      Then the session is open

  @X3 @X3.2
  Rule: A deadline or a cancellation at another bridge ends a running tool

    Example: A deadline at another bridge ends a blocking tool
      Given a cluster of the bridges North and South, with the flags "--max-running-tools 1"
      And an open session
      When at South, the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.3 s
      Then it is refused with DEADLINE_EXCEEDED
      And at South, the tool "block" can run again

    Example: A cancellation at another bridge ends a blocking tool
      Given a cluster of the bridges North and South, with the flags "--max-running-tools 1"
      And an open session
      And at South, the tool "block" is running for 30 s
      When the running tool is cancelled
      Then at South, the tool "block" can run again

  @X1 @X7 @X7.5
  Rule: A tool that is registered at one bridge is available at all bridges

    Example: A tool that is registered at one bridge is listed at another
      Given a cluster of the bridges North and South
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When at South, the registered tools are listed
      Then at South, the registered tools are "train"
      And at South, the tool "train" takes {"rate": "float"}

    @X7.1
    Example: A registered tool that is called at another bridge runs on its host
      Given a cluster of the bridges North and South
      And the tool "add" of another bridge is registered
      When at South, the registered tool "add" runs with {"a": 2.5, "b": 0.5}
      Then the tool answers 3.0
