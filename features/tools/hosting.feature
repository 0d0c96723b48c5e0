@tools @requires_process @requires_plain_text @requires_current_service @requires_standard_tools
Feature: Tools at another bridge
  A registered tool can run at another bridge, its host. The client's bridge forwards the call with its deadline and its
  cancellation, and the client receives the host's answer.

  @X7 @X2 @X7.1
  Rule: A call is forwarded to the tool's host, and the host's answer is the answer

    Example: The result of a tool comes from its host
      Given the tool "add" of another bridge is registered
      When the tool "add" runs with {"a": 2.5, "b": 0.5}
      Then the tool answers 3.0

    @X2.4
    Scenario Outline: The sum <sum> comes from the host
      Given the tool "add" of another bridge is registered
      When the tool "add" runs with {"a": <a>, "b": Infinity}
      Then the tool answers <sum> of the type float

      Examples:
        | a         | sum      |
        | 1.0       | Infinity |
        | -Infinity | NaN      |

    @V1 @V1.2 @requires_older_service
    Example: The result of a hosted tool has the older form of the type_url under the older service name
      Given the tool "add" of another bridge is registered
      When under the older service name, the tool "add" runs with {"a": 1.0, "b": Infinity}
      Then its type_url is "dspex.variables/float"

    @X7.5
    Example: A call for registered tools is forwarded to the host
      Given the tool "echo" of another bridge is registered
      When the registered tool "echo" runs with {"message": "héllo, wörld 🚀"}
      Then the tool answers "héllo, wörld 🚀"

    @X2.5 @X7.5
    Scenario Outline: The message of <a failed tool> comes from its host
      Given the tool "fail" of another bridge is registered
      When <the tool> "fail" runs with {"message": "out of patience"}
      Then the tool fails, saying "out of patience"
      And the session is open

      Examples:
        | a failed tool            | the tool            |
        | a failed tool            | the tool            |
        | a failed registered tool | the registered tool |

    Example: A tool that ends its process at its host fails, and the host stays available
      Given the tools "die" and "echo" of another bridge are registered
      When the tool "die" runs
      Then its call fails
      And at the other bridge, the session is open

    Example: A forwarded call without a required parameter is refused
      Given the tool "add" of another bridge is registered
      When the tool "add" runs with {"a": 1.5}
      Then it is refused as invalid
      And the session is open

    @X7.1 @S7 @S7.3
    Example: A hosted tool takes and answers a text of 5 MB
      Given the tool "echo" of another bridge is registered
      When the tool "echo" runs with the parameter "message" as a text of 5000000 characters
      Then the tool answers a text of 5000000 characters

  @X7 @X5 @X2
  Rule: A tool runs in the session of the same id at its host

    @X2.4 @X5.1 @X7.1
    Example: A tool changes the variable of its host's session
      Given the tool "increment" of another bridge is registered
      And an integer variable "count" holding 1
      And at the other bridge, an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 42 of the type integer
      And at the other bridge, "count" holds 42 at version 2
      And "count" still holds 1 at version 1

    @X2.2
    Example: An argument in place of a default reaches the host
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count", "by": 5}
      Then the tool answers 46
      And at the other bridge, "count" holds 46 at version 2

    @X2.2
    Scenario Outline: The registered default of a parameter reaches the host in <a call>
      Given the tool "increment" of another bridge is registered with the parameters:
        | name | type    | required | default | constraints | description |
        | name | string  | yes      |         |             |             |
        | by   | integer | no       | 5       |             |             |
      And at the other bridge, an integer variable "count" holding 41
      When <the tool> "increment" runs with {"name": "count"}
      Then the tool answers 46
      And at the other bridge, "count" holds 46 at version 2

      Examples:
        | a call                      | the tool            |
        | a call                      | the tool            |
        | a call for registered tools | the registered tool |

    @X7.1
    Example: A forwarded call opens the session at the host
      Given the tool "echo" of another bridge is registered
      And at the other bridge, the session was cleaned up
      When the tool "echo" runs with {"message": "hello"}
      Then the tool answers "hello"
      And at the other bridge, the session is open

    @X7.1
    Example: A forwarded call opens a session again that was cleaned up at the host
      Given the tool "count" of another bridge is registered
      And the tool "count" ran with {"n": 1}
      And at the other bridge, the session was cleaned up
      When the tool "count" streams with {"n": 2}
      Then the chunks are [1, 2]
      And at the other bridge, the session is open

    @X2.2
    Example: The registered default of a parameter reaches the host of a stream
      Given the tool "count" of another bridge is registered with the parameters:
        | name | type    | required | default | constraints | description |
        | n    | integer | no       | 3       |             |             |
      When the tool "count" streams
      Then the chunks are [1, 2, 3]

    @X5.2 @X7.2
    Scenario Outline: The optimizer of <a call> is forwarded to the host
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 1
      And at the other bridge, the optimizer "東京" locked "count"
      When <the tool> "increment" runs with {"name": "count"}, for the optimizer "東京"
      Then the tool answers 2
      And at the other bridge, "count" holds 2 at version 2

      Examples:
        | a call                      | the tool            |
        | a call                      | the tool            |
        | a call for registered tools | the registered tool |

    @X7.1
    Example: An array in raw bytes reaches the host
      Given the tool "echo" of another bridge is registered with the parameters:
        | name    | type   | required | default | constraints | description |
        | message | tensor | yes      |         |             |             |
      And at the other bridge, these tools are registered:
        | name   | takes                   |
        | "echo" | [["message", "tensor"]] |
      When the tool "echo" runs with the parameter "message" as float32 array [0.5, 1.5]
      Then it is refused as unavailable

    @X7.1
    Example: A tool runs at this bridge from a session in which it has no host
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 41
      And in session "blue", an integer variable "count" holding 1
      When in session "blue", the tool "increment" runs with {"name": "count"}
      Then the tool answers 2
      And at the other bridge, "count" holds 41 at version 1

    @X2.2
    Example: A registered default of 0 reaches the host
      Given the tool "increment" of another bridge is registered with the parameters:
        | name | type    | required | default | constraints | description |
        | name | string  | yes      |         |             |             |
        | by   | integer | no       | 0       |             |             |
      And at the other bridge, an integer variable "count" holding 41
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 41

    @X2.2
    Example: An argument of a call is not the default of the next call
      Given the tool "increment" of another bridge is registered with the parameters:
        | name | type    | required | default | constraints | description |
        | name | string  | yes      |         |             |             |
        | by   | integer | no       | 5       |             |             |
      And at the other bridge, an integer variable "count" holding 41
      And the tool "increment" ran with {"name": "count", "by": 2}
      When the tool "increment" runs with {"name": "count"}
      Then the tool answers 48

    @X2.1 @X2.4 @X7.1 @V2 @V2.2
    Example: Integers beyond 2^53 reach the host and come back
      Given the tool "increment" of another bridge is registered
      And at the other bridge, an integer variable "count" holding 0
      When the tool "increment" runs with {"name": "count", "by": 9007199254740993}
      Then the tool answers 9007199254740993 of the type integer
      And at the other bridge, "count" holds 9007199254740993 at version 2

    @X7.1 @S7 @S7.1
    Example: A tool runs at its host in a session whose id is beyond ASCII
      Given a session was opened whose id is "judge é 🚀"
      And in session "judge é 🚀", the tool "increment" of another bridge is registered
      And in session "judge é 🚀", at the other bridge, an integer variable "count" holding 41
      When in session "judge é 🚀", the tool "increment" runs with {"name": "count"}
      Then the tool answers 42

  @X7 @X2
  Rule: Chunks and the end of a stream are forwarded

    @X7.1
    Scenario Outline: A hosted tool streams the chunks <chunks>
      Given the tool "count" of another bridge is registered
      When the tool "count" streams with {"n": <n>}
      Then the chunks are <chunks>

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 0 | []        |

    @X7.1
    Example: A hosted tool streams 1000 chunks
      Given the tool "count" of another bridge is registered
      When the tool "count" streams with {"n": 1000}
      Then the chunks are 1 to 1000

    @X7.1
    Scenario Outline: A hosted tool fails after the chunks <chunks>
      Given the tool "fail_after" of another bridge is registered
      When the tool "fail_after" streams with {"n": <n>}
      Then it is refused with INTERNAL
      And the chunks before the failure are <chunks>
      And the session is open

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 1 | [1]       |
        | 0 | []        |

    @X4 @X4.2 @X7.1
    Example: The status of a failed stream of a hosted tool has the tool's own message
      Given the tool "fail_after" of another bridge is registered
      When the tool "fail_after" streams with {"n": 2}
      Then it is refused with INTERNAL
      And the tool "fail_after" fails with the same message when it runs with {"n": 2}

    @X2.6 @X7.1 @X7.5
    Scenario Outline: <a tool> that streams answers the list of its chunks
      Given the tool "count" of another bridge is registered
      When <the tool> "count" runs with {"n": 3}
      Then the tool answers [1, 2, 3]

      Examples:
        | a tool                           | the tool            |
        | A hosted tool                    | the tool            |
        | A tool in a call of hosted tools | the registered tool |

    @X4 @X4.5 @X7.2 @requires_caps
    Example: A cancel ends the stream of a hosted tool at its host
      Given the tools "count" and "block" of another bridge, started with "--max-calls 1", are registered
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      And in session "blue", repeatedly for 1.5 s, the variables are listed
      When Ada cancels the stream
      Then the tool "block" can run again

    @X4 @X4.4 @requires_process
    Example: A hosted tool produces no chunks while its client does not read
      Given a new bridge
      And the tool "count" of another bridge is registered
      When Ada reads 2 chunks of the tool "count" with {"n": 1000000000}
      Then the bridge is idle within 45 s
      And Ada reads the other chunks up to 3000

    @X7.2
    Example: A client cancels the stream of a hosted tool
      Given the tool "count" of another bridge is registered
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When Ada cancels the stream
      Then the session is open

  @S5 @S5.4 @requires_current_fields
  Rule: A tool that runs at its host keeps the session open at this bridge

    Scenario Outline: A tool that runs at its host for <a call> keeps a session open
      Given an open session with a time to live of 1 s
      And the tool "sleep" of another bridge is registered
      And a float variable "x" holding 0.5
      When <the tool> "sleep" runs with {"seconds": 1.5}
      Then the tool succeeds
      And "x" still holds 0.5 at version 1

      Examples:
        | a call                      | the tool            |
        | a call                      | the tool            |
        | a call for registered tools | the registered tool |

    Example: A stream of a tool at its host keeps a session open
      Given an open session with a time to live of 1 s
      And the tool "count" of another bridge is registered
      And a float variable "x" holding 0.5
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When in session "blue", repeatedly for 1.5 s, the variables are listed
      Then "x" still holds 0.5 at version 1

  @X7 @X3
  Rule: A deadline and a cancellation reach the host

    @X3.2 @X7.2 @requires_caps
    Scenario Outline: The deadline of <a call> ends the work of a tool at its host
      Given the tool "block" of another bridge, started with "--max-running-tools 1", is registered
      When <the tool> "block" runs with {"seconds": 30.0}, with a deadline of 0.3 s
      Then it is refused with DEADLINE_EXCEEDED
      And at the other bridge, the tool "block" can run again

      Examples:
        | a call                      | the tool            |
        | a call                      | the tool            |
        | a call for registered tools | the registered tool |

    @X3.2 @X7.2 @requires_caps
    Example: A cancel ends the work of a tool at its host
      Given the tool "block" of another bridge, started with "--max-running-tools 1", is registered
      And the tool "block" is running for 30 s
      When the running tool is cancelled
      Then at the other bridge, the tool "block" can run again

    @X3.1 @X7.1
    Example: Reads are answered while a hosted tool runs
      Given the tool "block" of another bridge is registered
      And a float variable "x" holding 0.5
      And the tool "block" is running for 30 s
      When "x" is read
      Then "x" holds 0.5 at version 1
      And the tool is still running

    @X3.1
    Example: A hosted tool answers while another one runs at the same host
      Given the tools "sleep" and "echo" of another bridge are registered
      And the tool "sleep" is running for 30 s
      When the tool "echo" runs with {"message": "hello"}
      Then the tool answers "hello"
      And the tool is still running

    @X3.2 @X7.2 @requires_caps
    Example: The deadline of a stream ends it at the host
      Given the tools "count" and "block" of another bridge, started with "--max-calls 1", are registered
      When the tool "count" streams with {"n": 1000000000}, with a deadline of 0.3 s
      Then it is refused with DEADLINE_EXCEEDED
      And the tool "block" can run again

    @X3.2 @X7.2 @requires_caps
    Example: A cancellation of a call for registered tools ends the work of a tool at its host
      Given the tool "block" of another bridge, started with "--max-running-tools 1", is registered
      And the registered tool "block" is running for 30 s
      When the running tool is cancelled
      Then at the other bridge, the tool "block" can run again

  @X7 @X7.4
  Rule: A tool is unavailable if its host has ended, and everything else stays available

    Scenario Outline: A tool is unavailable when it <how> after its host has ended
      Given the tools "echo" and "count" of another bridge, started for this scenario, are registered
      And a float variable "x" holding 0.5
      And the other bridge was killed
      When the tool "<tool>" <how> with {"<parameter>": <value>}
      Then it is refused as unavailable
      And the refusal names the host of the tool
      And "x" still holds 0.5 at version 1
      And the registered tools are "echo" and "count"

      Examples:
        | tool  | how     | parameter | value |
        | echo  | runs    | message   | "hi"  |
        | count | streams | n         | 3     |

    Example: A running tool is unavailable once its host has ended
      Given the tool "sleep" of another bridge, started for this scenario, is registered
      And the tool "sleep" is running for 30 s
      When the other bridge is killed
      Then the running tool is refused as unavailable within 5 s
      And the refusal names the host of the tool
      And the session is open

    Example: The bridge's own tools run after another host has ended
      Given the tool "add" of another bridge, started for this scenario, is registered
      And the other bridge was killed
      When the tool "echo" runs with {"message": "hello"}
      Then the tool answers "hello"

    @X7.4
    Example: A stream is unavailable once its host has ended
      Given the tool "count" of another bridge, started for this scenario, is registered
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the other bridge is killed
      Then Ada's stream ends as unavailable within 30 s
      And the refusal names the host of the tool

  @X1 @X7 @X1.5 @X7.1
  Rule: Registering a tool again moves it to another host

    Example: A tool moves from a host that does not answer to one that does
      Given these tools are registered:
        | name  | takes                            |
        | "add" | [["a", "float"], ["b", "float"]] |
      And the tool "add" of another bridge is registered
      When the tool "add" runs with {"a": 1.0, "b": 2.0}
      Then the tool answers 3.0
      And the registered tools are "add"

    Example: A tool runs at its own host although a later tool of the session has another one
      Given the tool "add" of another bridge is registered
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "add" runs with {"a": 1.0, "b": 2.0}
      Then the tool answers 3.0

    Example: A tool that has run moves to another host
      Given the tool "echo" of another bridge is registered
      And the tool "echo" ran with {"message": "hello"}
      And these tools are registered:
        | name   | takes                   |
        | "echo" | [["message", "string"]] |
      When the tool "echo" runs with {"message": "hello"}
      Then it is refused as unavailable
