@recovery @requires_process
Feature: A server that dies
  A process may be killed at any moment. Whoever depends on it is told at once, and the worker starts it
  again.

  @P5
  Rule: A crash is noticed and the server is started again

    Example: A server that is killed
      Given a worker that runs a bridge
      When its server is killed
      Then the worker starts it again
      And the worker says that the server crashed
      And the worker says that the server is restarting

    Example: New sessions work
      Given a worker that runs a bridge
      And a float variable "x" holding 0.5
      When its server is killed
      Then the worker starts it again
      And in session "new", a variable can be registered and read

    Example: It is killed again
      Given a worker that runs a bridge
      And its server was killed, and started again
      When its server is killed
      Then the worker starts it again

  @P5 @W9
  Rule: What was under way ends with a clear word

    Example: Watches
      Given a worker that runs a bridge
      And a float variable "x" holding 0.5
      And Ada and Ben each watch "x"
      When its server is killed
      Then Ada's watch ends as unavailable
      And Ben's watch ends as unavailable

    @requires_standard_tools
    Example: Calls
      Given a worker that runs a bridge
      And an open session
      When its server is killed while the tool "sleep" runs with:
        | seconds |
        | 30.0    |
      Then it is refused as unavailable

  @P6
  Rule: Without a data directory nothing stale is served

    Example: The old session is gone
      Given a worker that runs a bridge
      And a float variable "x" holding 0.5
      And its server was killed, and started again
      When "x" is read
      Then it is refused as not found, saying "Session not found"
