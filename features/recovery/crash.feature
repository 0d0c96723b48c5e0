@recovery @requires_process
Feature: Crashes of a bridge under a worker
  A process may be killed at any moment. Its clients get an error at once, and a worker restarts it: here, the worker
  of the suite.

  @P5
  Rule: A worker restarts a bridge that has crashed

    @P5.1 @requires_own_worker
    Example: A worker reports a crash and restarts the bridge
      Given a worker with a running bridge
      When the worker's bridge is killed
      Then the worker restarts the bridge
      And the worker reports "crashed" and "restarting"

    @P5.2
    Example: New sessions work after a crash
      Given a worker with a running bridge
      And a float variable "x" holding 0.5
      And the worker's bridge was killed and restarted
      When in session "new", "x" is registered as a float holding 0.5
      Then in session "new", "x" holds 0.5 at version 1

    @P5.1 @requires_own_worker
    Example: A worker restarts a bridge that crashes a second time
      Given a worker with a running bridge
      And the worker's bridge was killed and restarted
      When the worker's bridge is killed
      Then the worker restarts the bridge

    @P5.1 @requires_own_worker
    Example: A worker notices a crash within 100 ms
      Given a worker with a running bridge
      When the worker's bridge is killed
      Then the worker notices the crash within 100 ms

  @P5 @P5.2
  Rule: Calls and watches end as unavailable when the bridge crashes

    Example: Watches end as unavailable when the bridge crashes
      Given a worker with a running bridge
      And a float variable "x" holding 0.5
      And Ada and Ben each watch "x"
      When the worker's bridge is killed
      Then Ada's watch ends as unavailable
      And Ben's watch ends as unavailable

    @requires_standard_tools
    Example: A running tool is refused as unavailable when the bridge crashes
      Given a worker with a running bridge
      And an open session
      And the tool "sleep" is running for 30 s
      When the worker's bridge is killed
      Then the running tool is refused as unavailable

  @P6 @P6.4
  Rule: Without a data directory no session survives a crash

    Example: A session is not found after a crash without a data directory
      Given a worker with a running bridge
      And a float variable "x" holding 0.5
      And the worker's bridge was killed and restarted
      When "x" is read
      Then it is refused as not found, saying "Session not found"
