@soak @requires_process
Feature: Memory
  A bridge that runs for weeks must give back what sessions took.

  @S4
  Rule: What a session took is given back at its end

    Example: 1,000 sessions
      Given a bridge that has just started
      When 1000 sessions are opened, used and cleaned up
      Then the server's memory grew by less than 4 MiB over the second half
