@tools @requires_standard_tools
Feature: Running tools
  A tool is a function that runs at the bridge. Its parameters are checked, its result has a type, and if it fails, only
  its own call fails.

  @X1 @X1.1 @X1.2 @X1.3
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
        | exit       |
        | count      |
        | fail_after |

    @X1.4
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
        | exit       | {"code": "integer"}                 | ["code"]    | false   |
        | count      | {"n": "integer"}                    | ["n"]       | true    |
        | fail_after | {"n": "integer"}                    | ["n"]       | true    |

  @X1
  Rule: The standard tools run

    @X1.1
    Example: The tool echo answers its message
      Given an open session
      When the tool "echo" runs with {"message": "héllo, wörld 🚀"}
      Then the tool answers "héllo, wörld 🚀"

    @X1.1
    Example: The tool echo answers a message of 100,000 characters
      Given an open session
      When the tool "echo" runs with the parameter "message" as a text of 100000 characters
      Then the tool answers a text of 100000 characters

    @X1.1
    Scenario Outline: The tool add answers the sum of <a> and <b>
      Given an open session
      When the tool "add" runs with {"a": <a>, "b": <b>}
      Then the tool answers <sum>

      Examples:
        | a         | b        | sum                 |
        | 2.5       | 0.5      | 3.0                 |
        | 0.25      | 0.5      | 0.75                |
        | 1.0       | 2.0      | 3.0                 |
        | -0.5      | 1e300    | 1e300               |
        | Infinity  | 1.0      | Infinity            |
        | -Infinity | Infinity | NaN                 |
        | 1e308     | 1e308    | Infinity            |
        | -0.0      | -0.0     | -0.0                |
        | 0.1       | 0.2      | 0.30000000000000004 |

    @X1.2
    Scenario Outline: The tool <tool> succeeds
      Given an open session
      When the tool "<tool>" runs with {"seconds": 0.05}
      Then the tool succeeds

      Examples:
        | tool  |
        | sleep |
        | block |

  @X2 @V3 @V4
  Rule: Parameters are checked, and defaults are filled in

    @X2.1
    Scenario Outline: A call of the tool add without the parameter <missing> is refused
      Given an open session
      When the tool "add" runs with {"<present>": 1.5}
      Then it is refused as invalid
      And the session is open

      Examples:
        | missing | present |
        | b       | a       |
        | a       | b       |

    @X2.1
    Example: A call with a parameter of another type is refused
      Given an open session
      When the tool "add" runs with {"a": 1.5, "b": "two"}
      Then it is refused as invalid
      And the session is open

    @X2.1
    Scenario Outline: A call with the parameter <name>, which the tool does not have, is refused
      Given an open session
      When the tool "add" runs with {"a": 1.5, "b": 2.5, <name>: 1.0}
      Then it is refused as invalid
      And the session is open

      Examples:
        | name          |
        | "carry"       |
        | "constructor" |
        | "__proto__"   |

    @X2.1
    Example: A call with a parameter that is not JSON is refused
      Given an open session
      When the tool "echo" runs with the parameter "message" as the text `{not json`
      Then it is refused as invalid
      And the session is open

    @X2.1 @V3.1
    Example: A call with an argument of no JSON at all is refused, also for a parameter with a default
      Given an open session
      When the tool "fail" runs with the parameter "message" as the text ``
      Then it is refused as invalid
      And the session is open

    @V4.4
    Example: A call with bytes in addition to an argument in JSON is refused
      Given an open session
      When the tool "echo" runs with the parameter "message" as "hello" with 4 stray bytes
      Then it is refused as invalid
      And the session is open

    @V3.4
    Example: A call with an argument without a value is refused
      Given an open session
      When the tool "fail" runs with the parameter "message" as no value
      Then it is refused as invalid
      And the session is open

    @X2.1
    Scenario Outline: An argument may have the type_url "<url>", since its JSON decides
      Given an open session
      When the tool "echo" runs with the parameter "message" as "hello" under the type_url "<url>"
      Then the tool answers "hello" of the type string

      Examples:
        | url                                 |
        | type.googleapis.com/snakepit.json   |
        | type.googleapis.com/snakepit.float  |
        | dspex.variables/string              |
        | type.googleapis.com/snakepit.tensor |
        | type.googleapis.com/snakepit.choice |

    @X2.1
    Scenario Outline: An argument with the type_url "<url>", which names no type, is refused
      Given an open session
      When the tool "echo" runs with the parameter "message" as "hello" under the type_url "<url>"
      Then it is refused as invalid
      And the session is open

      Examples:
        | url                                     |
        | type.googleapis.com/snakepit.colour     |
        | type.googleapis.com/snakepit.String     |
        | type.googleapis.com/google.protobuf.Any |

    @X2.2
    Example: A parameter that is left out has its default value
      Given an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 42
      And "count" holds 42 at version 2

    @X2.1 @X2.2
    Scenario Outline: A parameter with a default takes the value <by>
      Given an integer variable "count" holding 40
      When the tool "increment" runs with {"name": "count", "by": <by>}
      Then the tool answers <sum>
      And "count" holds <sum> at version 2

      Examples:
        | by               | sum              |
        | -5               | 35               |
        | 0                | 40               |
        | 9007199254740993 | 9007199254741033 |
        | 2.0              | 42               |

    @X2.1 @T @T.6
    Example: null is refused for a parameter with a default
      Given an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count", "by": null}
      Then it is refused as invalid
      And "count" still holds 41 at version 1

    @S7 @S7.4 @X2.1
    Example: A call with a thousand unknown parameters is refused as invalid
      Given a float variable "x" holding 0.5
      When the tool "echo" runs with 1000 parameters "an-unknown-parameter-"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

  @X2 @X2.4
  Rule: A result has a type

    Scenario Outline: The tool <tool> answers a result of the type <kind>
      Given an integer variable "count" holding 1
      When the tool "<tool>" runs with {"<parameter>": <value>}
      Then the tool answers <result> of the type <kind>

      Examples:
        | tool      | parameter | value   | result  | kind    |
        | echo      | message   | "hello" | "hello" | string  |
        | increment | name      | "count" | 2       | integer |

  @X2 @X2.3
  Rule: An unknown tool is not found

    Scenario Outline: The unknown tool <name> is not found
      Given a float variable "x" holding 0.5
      When the tool <name> runs
      Then it is refused as not found
      And "x" still holds 0.5 at version 1

      Examples:
        | name          |
        | "divide"      |
        | "Fail"        |
        | "fail "       |
        | "constructor" |
        | "__proto__"   |

    Example: A streaming call of an unknown tool is not found
      Given an open session
      When the tool "divide" streams
      Then it is refused as not found
      And the session is open

  @X2 @X2.5
  Rule: A failed tool reports its message, and the bridge stays available

    Scenario Outline: A failed tool reports its own message <message>
      Given an open session
      When the tool "fail" runs with {"message": <message>}
      Then the tool fails, saying <message>
      And the session is open

      Examples:
        | message                    |
        | "out of patience"          |
        | "100 % of %d and %s"       |
        | "out of\npatience"         |
        | "keine Geduld für 🚀 mehr" |

    Example: A failed tool reports a long message as a whole
      Given an open session
      When the tool "fail" runs with {"message": "out of patience with the learning rate of the second head of the reward model after the third stage of fine-tuning, the learning rate of the second head of the reward model after the third stage of fine-tuning and the learning rate of the second head of the reward model after the third stage of fine-tuning"}
      Then the tool fails, saying "out of patience with the learning rate of the second head of the reward model after the third stage of fine-tuning, the learning rate of the second head of the reward model after the third stage of fine-tuning and the learning rate of the second head of the reward model after the third stage of fine-tuning"
      And the session is open

    Example: A tool that fails without a message reports a failure
      Given an open session
      When the tool "fail" runs
      Then the tool fails
      And the session is open

  @X5 @X5.1
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

    Example: A tool cannot set a value that its type does not have
      Given an integer variable "count" holding 9223372036854775807
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails
      And "count" still holds 9223372036854775807 at version 1

    Example: A watch receives the change that a tool made
      Given an integer variable "count" holding 1
      And Ada watches "count"
      When the tool "increment" runs with {"name": "count"}
      Then Ada receives:
        | update       | value | previous | version | changed by     |
        | value change | 2     | 1        | 2       | tool:increment |

  @X3 @X1
  Rule: A running tool blocks no other call, and ends with its own call

    @X1.2 @X3.1
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

    @X3.2
    Scenario Outline: A deadline ends the call of the tool <tool>
      Given an open session
      When the tool "<tool>" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And the session is open

      Examples:
        | tool  |
        | sleep |
        | block |

    @X3.2 @requires_current_fields
    Example: A tool whose deadline has passed does not keep its session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And Ada's watch ends as not found

    @S5 @S5.1 @requires_current_fields
    Scenario Outline: A session ends after its last call, in which <what>
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When <what>
      Then Ada's watch ends as not found

      Examples:
        | what                                        |
        | the tool "echo" runs with {"message": "hi"} |
        | the tool "count" streams with {"n": 3}      |

    @S5 @S5.1 @requires_current_fields
    Scenario Outline: A session ends after a call that failed: <what>
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When a refused attempt, in which <what>
      Then Ada's watch ends as not found

      Examples:
        | what                                        |
        | the tool "fail" runs                        |
        | the tool "exit" runs with {"code": 1}       |
        | the tool "die" runs                         |
        | the tool "add" runs with {"a": 1.5}         |
        | the tool "fail_after" streams with {"n": 1} |

    @X3.2 @requires_current_fields
    Example: A stream whose deadline has passed does not keep its session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the tool "count" streams with {"n": 1000000000}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And Ada's watch ends as not found

    @X3.2 @requires_current_fields
    Example: A tool whose call was cancelled does not keep its session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "block" is running for 30 s
      When the running tool is cancelled
      Then Ada's watch ends as not found

    @X3.2 @requires_process @requires_caps
    Example: A deadline ends the work of a blocking tool, so that it can run again
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      When the tool "block" runs with {"seconds": 30.0}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And the tool "block" can run again

    @X3.2 @requires_process @requires_caps
    Example: A cancel ends the work of a blocking tool, so that it can run again
      Given a bridge with the flags "--max-running-tools 1"
      And an open session
      And the tool "block" is running for 30 s
      When the running tool is cancelled
      Then the tool "block" can run again

  @X6 @X1 @X6.1
  Rule: A tool that ends its own process fails, and nothing else does

    @X1.2
    Example: A tool that ends its own process fails, and the bridge stays available
      Given a float variable "x" holding 0.5
      When the tool "die" runs
      Then its call fails
      And "x" still holds 0.5 at version 1

    Example: Other tools run after a tool has ended its process several times
      Given an open session
      And the tool "die" failed 5 times
      When the tool "echo" runs with {"message": "here"}
      Then the tool answers "here"

    Example: A tool runs in a process after forty tools have ended theirs
      Given an open session
      And the tool "die" failed 40 times
      When the tool "block" runs with {"seconds": 0.01}
      Then the tool succeeds

    Example: A tool goes on running when another one ends its own process
      Given an open session
      And the tool "block" is running for 1 s
      When the tool "die" runs
      Then its call fails
      And the running tool succeeds

    Example: A stream goes on when a tool ends its own process
      Given an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the tool "die" runs
      Then its call fails
      And Ada reads the other chunks up to 1500

    Example: Watches go on when a tool ends its own process
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "die" failed 1 time
      When "x" is set to 0.75
      Then Ada receives:
        | update       | value | version |
        | value change | 0.75  | 2       |

  @X6 @X1 @X6.2
  Rule: A tool that ends as a program does fails, and nothing else does

    @X1.2
    Scenario Outline: A tool that exits with the code <code> fails, and the bridge stays available
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "sleep" is running for 1 s
      When the tool "exit" runs with {"code": <code>}
      Then the tool fails
      And "x" still holds 0.5 at version 1
      And the running tool succeeds
      And Ada receives nothing else

      Examples:
        | code |
        | 0    |
        | 2    |

    Example: A stream goes on when a tool exits
      Given an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the tool "exit" runs with {"code": 1}
      Then the tool fails
      And Ada reads the other chunks up to 1500

    Example: Other tools run after several tools have exited
      Given an open session
      And a refused attempt, in which the tool "exit" runs with {"code": 1}
      And a refused attempt, in which the tool "exit" runs with {"code": 1}
      And a refused attempt, in which the tool "exit" runs with {"code": 1}
      And a refused attempt, in which the tool "exit" runs with {"code": 1}
      When the tool "echo" runs with {"message": "here"}
      Then the tool answers "here"

  @X3 @X3.1
  Rule: Calls of tools run at the same time

    Scenario Outline: The tool <other> answers while the tool <tool> runs
      Given an open session
      And the tool "<tool>" is running for 30 s
      When the tool "<other>" runs with {"seconds": 0.01}
      Then the tool succeeds
      And the tool is still running

      Examples:
        | tool  | other |
        | sleep | sleep |
        | sleep | block |
        | block | sleep |
        | block | block |

    Example: A clean-up is answered while a blocking tool runs
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "block" is running for 30 s
      When the session is cleaned up
      Then 2 resources are cleaned up
      And Ada's watch ends as not found within 2 s
      And the session is not open

    @X1 @X1.1
    Example: Four clients add to a variable at the same time
      Given an integer variable "count" holding 0
      When 4 clients at once each run the tool "increment" with {"name": "count"}
      Then all are accepted
      And "count" holds 4 at version 5

    Example: A stream is answered while a blocking tool runs
      Given an open session
      And the tool "block" is running for 30 s
      When the tool "count" streams with {"n": 3}
      Then the chunks are [1, 2, 3]
      And the tool is still running

    Example: A watch receives changes while a blocking tool runs
      Given an integer variable "x" holding 1
      And the tool "block" is running for 30 s
      And Ada watches "x", with initial values
      When "x" is set to 2
      Then Ada receives:
        | update        | value | version |
        | initial value | 1     | 1       |
        | value change  | 2     | 2       |
      And the tool is still running

    @X3.1
    Example: A stream that is not read delays no other call
      Given an integer variable "count" holding 1
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 2
      And "count" holds 2 at version 2

    @X3.1
    Example: A tool answers while eight blocking ones run
      Given an open session
      And 8 calls of the tool "block" are running for 5 s
      When the tool "block" runs with {"seconds": 0.01}, with a deadline of 3 s
      Then the tool succeeds
      And the tool is still running

    @S5 @S5.1 @S6 @S6.1 @requires_current_fields
    Example: A tool that has run since an earlier session of its id does not keep the new one open
      Given an open session
      And the tool "sleep" is running for 1 s
      And the session was cleaned up
      And an open session with a time to live of 2 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When in session "lasting", repeatedly for 1.5 s, the variables are listed
      Then Ada's watch ends as not found

  @X2
  Rule: Values of arguments and results are those of variables

    @X2.4
    Scenario Outline: The tool echo answers the text <message>
      Given an open session
      When the tool "echo" runs with {"message": <message>}
      Then the tool answers <message> of the type string

      Examples:
        | message        |
        | ""             |
        | "a\r\nb\u0000" |
        | "\ufeffbegins" |
        | "e\u0301 é"    |
        | "\u0085\u009f" |
        | "NaN"          |

    @X2.4
    Scenario Outline: The tool add answers <sum> for the integers <a> and <b>
      Given an open session
      When the tool "add" runs with {"a": <a>, "b": <b>}
      Then the tool answers <sum> of the type float

      Examples:
        | a  | b   | sum  |
        | 1  | 2   | 3.0  |
        | -1 | 0.5 | -0.5 |

    @X2.1
    Scenario Outline: The tool echo refuses the argument <message>
      Given an open session
      When the tool "echo" runs with {"message": <message>}
      Then it is refused as invalid
      And the session is open

      Examples:
        | message |
        | null    |
        | 5       |
        | ["a"]   |

    @X2.1
    Scenario Outline: The argument <by>, which is not an integer of 64 bits, is refused and changes nothing
      Given an integer variable "count" holding 1
      When the tool "increment" runs with {"name": "count", "by": <by>}
      Then it is refused as invalid
      And "count" still holds 1 at version 1

      Examples:
        | by                   |
        | 0.5                  |
        | 9223372036854775808  |
        | 18446744073709551617 |

  @X5 @A3 @X5.1
  Rule: A change by a tool is a change like any other

    Example: A tool changes a variable whose name is beyond ASCII
      Given an integer variable "é/🚀" holding 1
      And an integer variable "e\u0301/🚀" holding 1
      When the tool "increment" runs with {"name": "é/🚀"}
      Then the tool answers 2
      And "é/🚀" holds 2 at version 2
      And "e\u0301/🚀" still holds 1 at version 1

    Example: A tool cannot change a deleted variable
      Given an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And "x" was deleted
      When the tool "increment" runs with {"name": "x"}
      Then the tool fails
      And there is no variable "x"

    Example: A tool changes the new variable of a name
      Given an integer variable "x" holding 1
      And "x" was deleted
      And an integer variable "x" holding 5
      When the tool "increment" runs with {"name": "x"}
      Then the tool answers 6
      And "x" holds 6 at version 2

    @X1 @X1.1
    Example: A tool adds to a float variable
      Given a float variable "rate" holding 0.5
      When the tool "increment" runs with {"name": "rate"}
      Then the tool answers 1.5 of the type float
      And "rate" holds 1.5 at version 2

    Example: A tool cannot change a variable by another one's type
      Given a string variable "text" holding "five"
      When the tool "increment" runs with {"name": "text"}
      Then the tool fails
      And "text" still holds "five" at version 1

    Example: A failed change by a tool leaves no trace
      Given an integer variable "count" holding 9 with:
        | max |
        | 10  |
      And "count" was set to 10
      And the state of "count" was noted
      And Ada watches "count"
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails, saying "is above maximum"
      And the state of "count" is as noted
      And the history of "count" has the versions 2 down to 1

    @A3.2
    Example: A tool adds to the value that another client has set in between
      Given an integer variable "count" holding 1
      And the tool "increment" ran with {"name": "count"}
      And as Ada, "count" was set to 10
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 11
      And "count" holds 11 at version 4
      And the source of "count" is PYTHON
