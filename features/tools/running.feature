@tools @requires_standard_tools
Feature: Running tools
  A tool is a function that runs at the bridge. Its parameters are checked, its result has a type, and if it fails, only
  its own call fails.

  @X1
  Rule: A session offers the standard tools

    Example: A session offers the standard tools
      When the session is opened
      Then the session offers the tools:
        | name       |
        | echo       |
        | add        |
        | fail       |
        | sleep      |
        | block      |
        | increment  |
        | die        |
        | count      |
        | fail_after |

    Example: A session describes the parameters of the standard tools
      When the session is opened
      Then the session offers the tools:
        | name       | takes                               | required    | streams |
        | echo       | {"message": "string"}               | ["message"] | false   |
        | add        | {"a": "float", "b": "float"}        | ["a", "b"]  | false   |
        | fail       | {"message": "string"}               | []          | false   |
        | sleep      | {"seconds": "float"}                | ["seconds"] | false   |
        | block      | {"seconds": "float"}                | ["seconds"] | false   |
        | increment  | {"name": "string", "by": "integer"} | ["name"]    | false   |
        | die        | {}                                  | []          | false   |
        | count      | {"n": "integer"}                    | ["n"]       | true    |
        | fail_after | {"n": "integer"}                    | ["n"]       | true    |

  @X1
  Rule: The standard tools run

    Example: The tool echo answers its message
      Given an open session
      When the tool "echo" runs with {"message": "héllo, wörld 🚀"}
      Then the tool answers "héllo, wörld 🚀"

    Scenario Outline: The tool add answers the sum of <a> and <b>
      Given an open session
      When the tool "add" runs with {"a": <a>, "b": <b>}
      Then the tool answers <sum>

      Examples:
        | a         | b        | sum      |
        | 2.5       | 0.5      | 3.0      |
        | 0.25      | 0.5      | 0.75     |
        | 1.0       | 2.0      | 3.0      |
        | -0.5      | 1e300    | 1e300    |
        | Infinity  | 1.0      | Infinity |
        | -Infinity | Infinity | NaN      |

    Scenario Outline: The tool <tool> succeeds
      Given an open session
      When the tool "<tool>" runs with {"seconds": 0.05}
      Then the tool succeeds

      Examples:
        | tool  |
        | sleep |
        | block |

  @X2
  Rule: Parameters are checked, and defaults are filled in

    Scenario Outline: A call of the tool add without the parameter <missing> is refused
      Given an open session
      When the tool "add" runs with {"<present>": 1.5}
      Then it is refused as invalid
      And the session is open

      Examples:
        | missing | present |
        | b       | a       |
        | a       | b       |

    Example: A call with a parameter of another type is refused
      Given an open session
      When the tool "add" runs with {"a": 1.5, "b": "two"}
      Then it is refused as invalid
      And the session is open

    Example: A call with a parameter that the tool does not have is refused
      Given an open session
      When the tool "add" runs with {"a": 1.5, "b": 2.5, "carry": 1.0}
      Then it is refused as invalid
      And the session is open

    Example: A call with a parameter that is not JSON is refused
      Given an open session
      When the tool "echo" runs with the parameter "message" as the text `{not json`
      Then it is refused as invalid
      And the session is open

    Example: A parameter that is left out has its default value
      Given an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 42
      And "count" holds 42 at version 2

    Example: A parameter with a default takes another value
      Given an integer variable "count" holding 40
      When the tool "increment" runs with {"name": "count", "by": -5}
      Then the tool answers 35
      And "count" holds 35 at version 2

  @X2
  Rule: A result has a type

    Scenario Outline: The tool <tool> answers a result of the type <kind>
      Given an integer variable "count" holding 1
      When the tool "<tool>" runs with {"<parameter>": <value>}
      Then the tool answers <result> of the type <kind>

      Examples:
        | tool      | parameter | value   | result  | kind    |
        | echo      | message   | "hello" | "hello" | string  |
        | increment | name      | "count" | 2       | integer |

  @X2
  Rule: An unknown tool is not found

    Example: An unknown tool is not found
      Given a float variable "x" holding 0.5
      When the tool "divide" runs
      Then it is refused as not found
      And "x" still holds 0.5 at version 1

    Example: A streaming call of an unknown tool is not found
      Given an open session
      When the tool "divide" streams
      Then it is refused as not found
      And the session is open

  @X2
  Rule: A failed tool reports its message, and the bridge stays available

    Example: A failed tool reports its own message
      Given an open session
      When the tool "fail" runs with {"message": "out of patience"}
      Then the tool fails, saying "out of patience"
      And the session is open

    Example: A tool that fails without a message reports a failure
      Given an open session
      When the tool "fail" runs
      Then the tool fails
      And the session is open

  @X5
  Rule: A tool works in its own session, under the same checks as a client

    Example: A tool cannot change a variable of another session
      Given an integer variable "own" holding 1
      And in session "blue", an integer variable "count" holding 1
      And the tool "increment" ran with {"name": "own"}
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails
      And in session "blue", "count" still holds 1 at version 1

    Example: A tool cannot set a value that the constraints refuse
      Given an integer variable "count" holding 10 with:
        | max |
        | 10  |
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails, saying "is above maximum"
      And "count" still holds 10 at version 1

    Example: A watch receives the change that a tool made
      Given an integer variable "count" holding 1
      And Ada watches "count"
      When the tool "increment" runs with {"name": "count"}
      Then Ada receives:
        | update       | value | previous | version | changed by     |
        | value change | 2     | 1        | 2       | tool:increment |

  @X3
  Rule: A running tool blocks no other call, and ends with its own call

    Scenario Outline: Reads are answered while the tool <tool> runs
      Given a float variable "x" holding 0.5
      And the tool "<tool>" is running for 30 s
      When "x" is read
      Then "x" holds 0.5 at version 1
      And the tool is still running

      Examples:
        | tool  |
        | sleep |
        | block |

    Scenario Outline: A deadline ends the call of the tool <tool>
      Given an open session
      When the tool "<tool>" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And the session is open

      Examples:
        | tool  |
        | sleep |
        | block |

    @requires_current_fields
    Example: A tool whose deadline has passed does not keep its session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And Ada's watch ends as not found

    @requires_process @requires_caps
    Example: A deadline ends the work of a blocking tool, so that it can run again
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      When the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And the tool "block" can run again

    @requires_process @requires_caps
    Example: A cancel ends the work of a blocking tool, so that it can run again
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      And the tool "block" is running for 30 s
      When the running tool is cancelled
      Then the tool "block" can run again

  @X6
  Rule: A tool that ends its own process fails, and nothing else does

    Example: A tool that ends its own process fails, and the bridge stays available
      Given a float variable "x" holding 0.5
      When the tool "die" runs
      Then its call fails
      And "x" still holds 0.5 at version 1

    Example: Other tools run after a tool has ended its process several times
      Given an open session
      And the tool "die" failed 3 times
      When the tool "echo" runs with {"message": "here"}
      Then the tool answers "here"

    Example: A tool goes on running when another one ends its own process
      Given an open session
      And the tool "block" is running for 1 s
      When the tool "die" runs
      Then its call fails
      And the running tool succeeds

    Example: Watches go on when a tool ends its own process
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "die" failed 1 time
      When "x" is set to 0.75
      Then Ada receives:
        | update       | value | version |
        | value change | 0.75  | 2       |
