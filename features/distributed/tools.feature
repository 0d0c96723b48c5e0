@distributed @requires_process @requires_etcd @requires_current_service @requires_standard_tools
Feature: Tools through any bridge
  A tool can be run at any of the bridges that share their state, with the session's variables at hand.

  @X2 @X5
  Rule: A tool that is run through another bridge answers as it does here

    Example: Its result
      Given the bridges North and South, which share their state
      And an open session
      When at South, the tool "add" runs with {"a": 2.5, "b": 0.5}
      Then the tool answers 3.0

    Example: It changes a variable of the session
      Given the bridges North and South, which share their state
      And an integer variable "count" holding 41
      When at South, the tool "increment" runs with {"name": "count"}
      Then the tool answers 42
      And "count" holds 42 at version 2

    Example: Its failure, in its own words
      Given the bridges North and South, which share their state
      And an open session
      When at South, the tool "fail" runs with {"message": "out of patience"}
      Then the tool fails, saying "out of patience"

    Example: A parameter that is missing
      Given the bridges North and South, which share their state
      And an open session
      When at South, the tool "add" runs with {"a": 1.5}
      Then it is refused as invalid

  @X4
  Rule: Chunks come through another bridge as they are made

    Example: Many
      Given the bridges North and South, which share their state
      And an open session
      When at South, the tool "count" streams with {"n": 1000}
      Then the chunks are 1 to 1000

    Example: A failure after three
      Given the bridges North and South, which share their state
      And an open session
      When at South, the tool "fail_after" streams with {"n": 3}
      Then it is refused with INTERNAL
      And the chunks before the failure are [1, 2, 3]

    Example: Whoever cancels is rid of it
      Given the bridges North and South, which share their state
      And an open session
      And at South, Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When Ada cancels the stream
      Then the session is open

  @X3
  Rule: A deadline and a cancel through another bridge reach the work

    Example: A deadline
      Given the bridges North and South, which share their state, started with "--max-running-tools 1"
      And an open session
      When at South, the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.3 s
      Then it is refused with DEADLINE_EXCEEDED
      And at South, the tool "block" can run again

    Example: A cancel
      Given the bridges North and South, which share their state, started with "--max-running-tools 1"
      And an open session
      And at South, the tool "block" is running for 30 s
      When the running tool is cancelled
      Then at South, the tool "block" can run again

  @X1 @X7
  Rule: Tools that were registered at one bridge are there at all

    Example: Listed at the other
      Given the bridges North and South, which share their state
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When at South, the registered tools are listed
      Then at South, the registered tools are "train"
      And at South, the tool "train" takes {"rate": "float"}

    Example: Run at the other, by the bridge that hosts it
      Given the bridges North and South, which share their state
      And the tool "add" of another bridge is registered
      When at South, the registered tool "add" runs with {"a": 2.5, "b": 0.5}
      Then the tool answers 3.0
