@startup @requires_process @requires_own_worker
Feature: The worker
  A worker starts one bridge for all callers of a program, and reports its events. It is the worker of this project's
  client library, which is judged together with the reference bridge.

  @P5 @P5.1
  Rule: A worker starts one bridge, and all callers share one connection

    Example: Five callers at once share a connection to one bridge
      Given a worker with no bridge
      When 5 callers ask the worker for a connection at once
      Then they all get the same connection, and it works
      And the worker has started one process
      And the worker reports "Python gRPC server ready on port <port>"

    Example: Later callers share the connection to the running bridge
      Given a worker with a running bridge
      When 3 callers ask the worker for a connection at once
      Then they all get the same connection, and it works
      And the worker has started one process

  @P5 @P5.1
  Rule: Callers learn why a start failed

    Example: Each caller gets the stderr of a bridge that cannot start
      Given a worker with a bridge that cannot start
      When 5 callers ask the worker for a connection at once
      Then each caller gets an error with the bridge's stderr
