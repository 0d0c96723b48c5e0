@tools @requires_standard_tools
Feature: Running tools
  A tool is a function that runs on the bridge's side: its parameters are checked, its result comes back
  with its type, and its failure is its own.

  @X1
  Rule: The tools that come with the bridge run

    Example: echo
      Given an open session
      When the tool "echo" runs with:
        | message         |
        | "héllo, wörld 🚀" |
      Then the tool answers "héllo, wörld 🚀"

    Scenario Outline: add <a> and <b>
      Given an open session
      When the tool "add" runs with:
        | a   | b   |
        | <a> | <b> |
      Then the tool answers <sum>

      Examples:
        | a    | b     | sum  |
        | 2.5  | 0.5   | 3.0  |
        | 0.25 | 0.5   | 0.75 |
        | 1.0  | 2.0   | 3.0  |
        | -0.5 | 1e300 | 1e300 |
        | Infinity  | 1.0      | Infinity |
        | -Infinity | Infinity | NaN      |

    Scenario Outline: <tool>
      Given an open session
      When the tool "<tool>" runs with:
        | seconds |
        | 0.05    |
      Then the tool succeeds

      Examples:
        | tool  |
        | sleep |
        | block |

  @X2
  Rule: Parameters are checked, and defaults filled in

    Scenario Outline: add without <missing>
      Given an open session
      When the tool "add" runs with:
        | <given> |
        | 1.5     |
      Then it is refused as invalid
      And the session is still open

      Examples:
        | missing | given |
        | b       | a     |
        | a       | b     |

    Example: A parameter of another type
      Given an open session
      When the tool "add" runs with:
        | a   | b     |
        | 1.5 | "two" |
      Then it is refused as invalid
      And the session is still open

    Example: A parameter that there is not
      Given an open session
      When the tool "add" runs with:
        | a   | b   | carry |
        | 1.5 | 2.5 | 1.0   |
      Then it is refused as invalid
      And the session is still open

    Example: A parameter that is no JSON
      Given an open session
      When the tool "echo" runs with the parameter "message" as the raw bytes "{not json"
      Then it is refused as invalid
      And the session is still open

    Example: A default
      Given an integer variable "count" holding 41
      When the tool "increment" runs with:
        | name    |
        | "count" |
      Then the tool answers 42
      And "count" holds 42 at version 2

    Example: Another value than the default
      Given an integer variable "count" holding 40
      When the tool "increment" runs with:
        | name    | by |
        | "count" | -5 |
      Then the tool answers 35
      And "count" holds 35 at version 2

  @X2
  Rule: A result bears its type

    Scenario Outline: The result of <tool> is a <kind>
      Given an integer variable "count" holding 1
      When the tool "<tool>" runs, for its result as it travels, with:
        | <parameter> |
        | <value>     |
      Then the result is <result>, labelled as <kind>

      Examples:
        | tool      | parameter | value   | result  | kind    |
        | echo      | message   | "hello" | "hello" | string  |
        | increment | name      | "count" | 2       | integer |

  @X2
  Rule: A tool that is not there is not found

    Example: An unknown tool
      Given a float variable "x" holding 0.5
      When the tool "divide" runs
      Then it is refused as not found
      And "x" still holds 0.5 at version 1

    Example: An unknown streaming tool
      Given an open session
      When the tool "divide" streams
      Then it is refused as not found
      And the session is still open

  @X2
  Rule: A tool that fails says why, and the bridge lives on

    Example: Its own words
      Given an open session
      When the tool "fail" runs with:
        | message           |
        | "out of patience" |
      Then the tool fails, saying "out of patience"
      And the session is still open

    Example: A failure without a message of its own
      Given an open session
      When the tool "fail" runs
      Then the tool fails
      And the session is still open

  @X5
  Rule: A tool works in its own session, under the same checks

    Example: A variable of another session
      Given an open session
      And in session "blue", an integer variable "count" holding 1
      When the tool "increment" runs with:
        | name    |
        | "count" |
      Then the tool fails
      And in session "blue", "count" still holds 1 at version 1

    Example: A write that is refused
      Given an integer variable "count" holding 10 with:
        | max |
        | 10  |
      When the tool "increment" runs with:
        | name    |
        | "count" |
      Then the tool fails, saying "is above maximum"
      And "count" still holds 10 at version 1

    Example: Watches learn of a tool's change
      Given an integer variable "count" holding 1
      And Ada watches "count"
      When the tool "increment" runs with:
        | name    |
        | "count" |
      Then Ada receives:
        | update       | value | previous | version | changed by     |
        | value change | 2     | 1        | 2       | tool:increment |

  @X3
  Rule: A tool that takes its time stalls nobody, and ends with its call

    Scenario Outline: Others are served while <tool> runs
      Given a float variable "x" holding 0.5
      When "x" is read while the tool "<tool>" runs for 30 s
      Then "x" holds 0.5 at version 1

      Examples:
        | tool  |
        | sleep |
        | block |

    Scenario Outline: A deadline for <tool>
      Given an open session
      When the tool "<tool>" is given 0.2 s to run with:
        | seconds |
        | 30.0    |
      Then it is refused with DEADLINE_EXCEEDED
      And the session is still open

      Examples:
        | tool  |
        | sleep |
        | block |

    Example: A tool that was cut keeps its session no longer
      Given a session that lives 1 s without a call
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the tool "block" is given 0.2 s to run with:
        | seconds |
        | 30.0    |
      Then it is refused with DEADLINE_EXCEEDED
      And Ada's watch ends as not found

    @requires_process @requires_caps
    Example: A deadline ends the work of a tool that blocks, and its place is free
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      When the tool "block" is given 0.2 s to run with:
        | seconds |
        | 30.0    |
      Then it is refused with DEADLINE_EXCEEDED
      And the tool "block" can run again

    @requires_process @requires_caps
    Example: So does whoever cancels
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      And the tool "block" is running for 30 s
      When the running tool is cancelled
      Then the tool "block" can run again

  @X6
  Rule: A tool that ends its own process fails, and nothing else does

    Example: Its call fails, and the bridge lives on
      Given a float variable "x" holding 0.5
      When the tool "die" runs
      Then its call fails
      And "x" still holds 0.5 at version 1

    Example: Again and again
      Given an open session
      And the tool "die" has failed 3 times
      When the tool "echo" runs with:
        | message |
        | "here"  |
      Then the tool answers "here"

    Example: A tool that runs beside it goes on
      Given an open session
      And the tool "block" is running for 1 s
      When the tool "die" runs
      Then its call fails
      And the running tool succeeds

    Example: Watches go on
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "die" has failed 1 time
      When "x" is set to 0.75
      Then Ada receives:
        | update       | value | version |
        | value change | 0.75  | 2       |
