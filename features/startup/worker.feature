@startup @requires_process
Feature: The worker
  A worker starts a bridge for whoever asks, once, however many ask, and says what happens.

  @P5
  Rule: However many ask, one server is started and all share one connection

    Example: Five callers at once
      Given a worker that runs nothing yet
      When 5 callers ask the worker for a connection at once
      Then they all have the same connection, and it works
      And one server was started
      And the worker says "Python gRPC server ready on port <port>"

    Example: One after the other
      Given a worker that runs a bridge
      When 3 callers ask the worker for a connection at once
      Then they all have the same connection, and it works
      And one server was started

  @P5
  Rule: A start that fails tells why

    Example: Everyone who waits learns the server's own words
      Given a worker whose bridge cannot start
      When 5 callers ask the worker for a connection at once
      Then each of them learns why, with the server's own words
