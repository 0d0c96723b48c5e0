@tools @requires_standard_tools
Feature: Streaming tools
  A tool can send its result in parts while it works: numbered chunks in order, and a final chunk that marks the end.

  @X4 @X1 @X1.3 @X4.1
  Rule: Chunks arrive in order and numbered, and the last one is final

    Scenario Outline: A streaming tool sends the chunks <chunks>
      Given an open session
      When the tool "count" streams with {"n": <n>}
      Then the chunks are <chunks>

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 1 | [1]       |
        | 0 | []        |

    Example: The chunks of a second stream are numbered from 1 as well
      Given an open session
      And the tool "count" streamed with {"n": 2}
      When the tool "count" streams with {"n": 3}
      Then the chunks are [1, 2, 3]

    Example: The chunks of a stream are numbered from 1 while another one runs
      Given an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the tool "count" streams with {"n": 3}
      Then the chunks are [1, 2, 3]

    Example: The chunks of a stream are numbered from 1 after another one was cancelled
      Given an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      And Ada cancels the stream
      When the tool "count" streams with {"n": 3}
      Then the chunks are [1, 2, 3]

    Example: A streaming tool sends 1000 chunks
      Given an open session
      When the tool "count" streams with {"n": 1000}
      Then the chunks are 1 to 1000

  @X4 @X1 @X1.3 @X4.2
  Rule: A failure follows the chunks that were sent before it

    Scenario Outline: A streaming tool fails after the chunks <chunks>
      Given an open session
      When the tool "fail_after" streams with {"n": <n>}
      Then it is refused with INTERNAL
      And the chunks before the failure are <chunks>
      And the session is open

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 1 | [1]       |
        | 0 | []        |

    Example: The status of a failed stream has the tool's own message
      Given an open session
      When the tool "fail_after" streams with {"n": 2}
      Then it is refused with INTERNAL
      And the tool "fail_after" fails with the same message when it runs with {"n": 2}

    @X2 @X2.5
    Example: The status of a failed stream has no stack
      Given an open session
      When the tool "fail_after" streams with {"n": 2}
      Then it is refused with INTERNAL
      And the refusal has no stack

  @X4 @X2
  Rule: Invalid calls are refused before the first chunk

    @X4.3
    Example: A streaming call of a tool that does not stream is refused
      Given an open session
      When the tool "echo" streams with {"message": "hello"}
      Then it is refused as invalid
      And the session is open

    @X2.1
    Example: A streaming call with a parameter of another type is refused
      Given an open session
      When the tool "count" streams with {"n": "ten"}
      Then it is refused as invalid
      And the session is open

    @X2.1
    Example: A streaming call with a parameter that the tool does not have is refused
      Given an open session
      When the tool "count" streams with {"n": 3, "size": 1}
      Then it is refused as invalid
      And the session is open

    @X2.1
    Example: A streaming call without a required parameter is refused
      Given an open session
      When the tool "count" streams
      Then it is refused as invalid
      And the session is open

  @X2 @X2.6
  Rule: A streaming tool can also run for one answer, the list of its chunks

    Scenario Outline: A streaming tool answers the list of its chunks, <chunks>
      Given an open session
      When the tool "count" runs with {"n": <n>}
      Then the tool answers <chunks>

      Examples:
        | n | chunks    |
        | 3 | [1, 2, 3] |
        | 1 | [1]       |
        | 0 | []        |

    @X2.5
    Example: A streaming tool that fails in the middle answers a failure
      Given an open session
      When the tool "fail_after" streams with {"n": 3}
      Then it is refused with INTERNAL
      And the tool "fail_after" fails with the same message when it runs with {"n": 3}
      And the session is open

    @X2.6
    Example: A streaming tool that runs for one answer answers a thousand chunks
      Given an open session
      When the tool "count" runs with {"n": 1000}
      Then the tool answers the numbers 1 to 1000

    @X3 @X3.2 @requires_process
    Example: A deadline ends a streaming tool that runs for one answer
      Given a new bridge
      And an open session
      When the tool "count" runs with {"n": 1000000000}, with a deadline of 0.2 s
      Then it is refused with DEADLINE_EXCEEDED
      And the bridge is idle within 15 s

  @X4 @requires_process
  Rule: A streaming tool produces no more chunks than its client reads

    @X4.4
    Example: A tool produces no chunks while its client does not read
      Given a new bridge
      And an open session
      When Ada reads 2 chunks of the tool "count" with {"n": 1000000000}
      Then the bridge is idle within 15 s
      And Ada reads the other chunks up to 5000

    @X4.5
    Example: A tool produces no chunks after its client has cancelled
      Given a new bridge
      And an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When Ada cancels the stream
      Then the bridge is idle within 15 s
      And the session is open

  @X4 @X4.5
  Rule: A client can cancel a stream

    Example: A client cancels a stream after two chunks of very many
      Given an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When Ada cancels the stream
      Then the session is open

    @S5 @S5.4 @requires_current_fields
    Example: A stream that was cancelled does not keep its session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ben watches "x"
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      And in session "blue", repeatedly for 1.5 s, the variables are listed
      When Ada cancels the stream
      Then Ben's watch ends as not found
