@tools @requires_standard_tools
Feature: Tools that stream
  A tool that makes its answer bit by bit sends it bit by bit: numbered chunks, and a last one that says
  that it was the last.

  @X4
  Rule: The chunks come in order, numbered, and the last one says so

    Scenario Outline: Count to <n>
      Given an open session
      When the tool "count" streams with:
        | n   |
        | <n> |
      Then the chunks are <chunks>

      Examples:
        | n | chunks          |
        | 3 | [1, 2, 3]       |
        | 1 | [1]             |
        | 0 | []              |

    Example: Many chunks
      Given an open session
      When the tool "count" streams with:
        | n    |
        | 1000 |
      Then there are 1000 chunks, 1 to 1000

  @X4
  Rule: A failure comes after the chunks that were made

    Example: After three chunks
      Given an open session
      When the tool "fail_after" streams with:
        | n |
        | 3 |
      Then it is refused with INTERNAL
      And the chunks before the failure are [1, 2, 3]
      And the session is still open

    Example: In its own words
      Given an open session
      When the tool "fail_after" streams with:
        | n |
        | 2 |
      Then it is refused with INTERNAL, in the words in which "fail_after" fails when it runs

  @X4
  Rule: Bad calls are refused before the first chunk

    Example: A tool that does not stream
      Given an open session
      When the tool "echo" streams with:
        | message |
        | "hello" |
      Then it is refused as invalid
      And the session is still open

    Example: A parameter of another type
      Given an open session
      When the tool "count" streams with:
        | n     |
        | "ten" |
      Then it is refused as invalid
      And the session is still open

    Example: A parameter missing
      Given an open session
      When the tool "count" streams
      Then it is refused as invalid
      And the session is still open

  @X2
  Rule: A streaming tool that is run for one answer answers the list of its chunks

    Example: Count to three
      Given an open session
      When the tool "count" runs with:
        | n |
        | 3 |
      Then the tool answers [1, 2, 3]

    Example: It fails half-way
      Given an open session
      When the tool "fail_after" runs with:
        | n |
        | 3 |
      Then the tool fails
      And the session is still open

  @X4 @requires_process
  Rule: A tool makes no chunks that nobody takes

    Example: While its reader takes nothing
      Given a new bridge
      And an open session
      When Ada takes 2 chunks of "count" to 1000000000 and stops reading
      Then the bridge is idle within 15 s
      And Ada reads on, and gets the chunks up to 5000

    Example: After its reader has gone
      Given a new bridge
      And an open session
      When Ada takes 2 chunks of "count" to 1000000000 and cancels
      Then the bridge is idle within 15 s
      And the session is still open

  @X4
  Rule: Whoever cancels is rid of it

    Example: After two of very many chunks
      Given an open session
      When Ada takes 2 chunks of "count" to 1000000000 and cancels
      Then the session is still open
