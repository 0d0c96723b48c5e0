@tools @requires_process @requires_current_service @requires_standard_tools
Feature: Tools of another bridge
  A registered tool can name another bridge that hosts it. Whoever runs it need not know: the call, its
  deadline and its end are passed on, and so is all that comes back.

  @X7
  Rule: A tool runs at the bridge that hosts it, and what it answers is the answer

    Example: Its result
      Given the tool "add" of another bridge is registered
      When the tool "add" runs with:
        | a   | b   |
        | 2.5 | 0.5 |
      Then the tool answers 3.0

    Example: By the call that runs registered tools
      Given the tool "echo" of another bridge is registered
      When the registered tool "echo" runs with:
        | message           |
        | "héllo, wörld 🚀" |
      Then the tool answers "héllo, wörld 🚀"

    Example: Its failure, in its own words
      Given the tool "fail" of another bridge is registered
      When the tool "fail" runs with:
        | message           |
        | "out of patience" |
      Then the tool fails, saying "out of patience"
      And the session is still open

    Example: It ends its process
      Given the tools "die" and "echo" of another bridge are registered
      When the tool "die" runs
      Then its call fails
      And at the other bridge, the session is open

    Example: A parameter that is missing
      Given the tool "add" of another bridge is registered
      When the tool "add" runs with:
        | a   |
        | 1.5 |
      Then it is refused as invalid
      And the session is still open

  @X7 @X5
  Rule: It runs in the session of the same id

    Example: A variable there, and not here
      Given the tool "increment" of another bridge is registered
      And an integer variable "count" holding 1
      And at the other bridge, an integer variable "count" holding 41
      When the tool "increment" runs with:
        | name    |
        | "count" |
      Then the tool answers 42
      And at the other bridge, "count" holds 42 at version 2
      And "count" still holds 1 at version 1

    Example: The session is opened there when it is needed
      Given the tool "echo" of another bridge is registered
      And at the other bridge, the session was cleaned up
      When the tool "echo" runs with:
        | message |
        | "hello" |
      Then the tool answers "hello"
      And at the other bridge, the session is open

    Example: Again, where it was ended there
      Given the tool "count" of another bridge is registered
      And at the other bridge, an open session
      And at the other bridge, the session was cleaned up
      When the tool "count" streams with:
        | n |
        | 2 |
      Then the chunks are [1, 2]
      And at the other bridge, the session is open

    Example: It speaks for the optimizer that is named
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 1
      And at the other bridge, the optimizer "mipro" locked "count"
      When the tool "increment" runs for the optimizer "mipro" with:
        | name    |
        | "count" |
      Then the tool answers 2
      And at the other bridge, "count" holds 2 at version 2

    Example: Another session does not run it there
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 41
      And in session "blue", an integer variable "count" holding 1
      When in session "blue", the tool "increment" runs with:
        | name    |
        | "count" |
      Then the tool answers 2
      And at the other bridge, "count" holds 41 at version 1

  @X7
  Rule: Chunks are passed on, and their end

    Scenario Outline: Count to <n>
      Given the tool "count" of another bridge is registered
      When the tool "count" streams with:
        | n   |
        | <n> |
      Then the chunks are <chunks>

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 0 | []        |

    Example: Many chunks
      Given the tool "count" of another bridge is registered
      When the tool "count" streams with:
        | n    |
        | 1000 |
      Then there are 1000 chunks, 1 to 1000

    Example: A failure after three
      Given the tool "fail_after" of another bridge is registered
      When the tool "fail_after" streams with:
        | n |
        | 3 |
      Then it is refused with INTERNAL
      And the chunks before the failure are [1, 2, 3]
      And the session is still open

    Example: Run for one answer
      Given the tool "count" of another bridge is registered
      When the tool "count" runs with:
        | n |
        | 3 |
      Then the tool answers [1, 2, 3]

    Example: Whoever cancels is rid of it
      Given the tool "count" of another bridge is registered
      When Ada takes 2 chunks of "count" to 1000000000 and cancels
      Then the session is still open

  @X7 @X3
  Rule: A deadline and a cancel reach the work there

    @requires_caps
    Example: A deadline
      Given the tool "block" of another bridge, started with "--max-running-tools 1", is registered
      When the tool "block" is given 0.3 s to run with:
        | seconds |
        | 30.0    |
      Then it is refused with DEADLINE_EXCEEDED
      And the tool "block" can run again at the other bridge

    @requires_caps
    Example: A cancel
      Given the tool "block" of another bridge, started with "--max-running-tools 1", is registered
      And the tool "block" is running for 30 s
      And it has come to the other bridge
      When the running tool is cancelled
      Then the tool "block" can run again at the other bridge

    Example: Others are served while it runs
      Given the tool "block" of another bridge is registered
      And a float variable "x" holding 0.5
      When "x" is read while the tool "block" runs for 30 s
      Then "x" holds 0.5 at version 1

  @X7
  Rule: A tool whose host is gone is unavailable, and the rest goes on

    Scenario Outline: Gone before, <how>
      Given the tools "echo" and "count" of another bridge of its own are registered
      And a float variable "x" holding 0.5
      And the other bridge was killed
      When the tool "<tool>" <how> with:
        | <parameter> |
        | <value>     |
      Then it is refused as unavailable, naming the other bridge
      And "x" still holds 0.5 at version 1
      And the registered tools are "echo" and "count"

      Examples:
        | tool  | how     | parameter | value |
        | echo  | runs    | message   | "hi"  |
        | count | streams | n         | 3     |

    Example: Gone in the middle
      Given the tool "sleep" of another bridge of its own is registered
      And the tool "sleep" is running for 30 s
      And it has come to the other bridge
      When the other bridge is killed
      Then the running tool is refused as unavailable, naming the other bridge
      And the session is still open

    Example: A tool of the bridge's own is there all the same
      Given the tool "add" of another bridge of its own is registered
      And the other bridge was killed
      When the tool "echo" runs with:
        | message |
        | "hello" |
      Then the tool answers "hello"

  @X1 @X7
  Rule: Registering again names another host

    Example: A tool whose host was nowhere
      Given these tools are registered:
        | name  | takes                            |
        | "add" | [["a", "float"], ["b", "float"]] |
      And the tool "add" of another bridge is registered
      When the tool "add" runs with:
        | a   | b   |
        | 1.0 | 2.0 |
      Then the tool answers 3.0
      And the registered tools are "add"
