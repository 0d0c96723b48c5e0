@limits @requires_process @requires_caps
Feature: Bytes, seconds, and what is forgotten
  What one message, one tool and one silent connection may take is bounded as well, and so is how much is
  remembered for clients that send a request again.

  @S7
  Rule: A message may have so many bytes

    Example: At the cap
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "text" holding "short"
      When "text" is set in a message of 100000 bytes
      Then it is accepted
      And "text" is at version 2

    Example: One over it
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "text" holding "short"
      When "text" is set in a message of 100001 bytes
      Then it is refused with RESOURCE_EXHAUSTED
      And "text" still holds "short" at version 1

    Example: An answer may be longer
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "one" holding "short"
      And a string variable "two" holding "short"
      And "one" was set in a message of 100000 bytes
      And "two" was set in a message of 100000 bytes
      When the variables are listed
      Then the names listed are "one" and "two"

  @S7
  Rule: Of what is kept, the oldest goes

    Example: The answers to requests that are sent again
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And request "r-1" set "count" to 2
      And request "r-2" set "count" to 3
      When request "r-1" sets "count" to 2
      Then the answer is version 2
      And "count" still holds 3 at version 3

    Example: One more, and the first is made again
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And request "r-1" set "count" to 2
      And request "r-2" set "count" to 3
      And request "r-3" set "count" to 4
      When request "r-1" sets "count" to 2
      Then the answer is version 5
      And "count" holds 2 at version 5

  @S7
  Rule: Tools and silent connections have so much time

    @requires_standard_tools
    Scenario Outline: The tool <tool>, which takes longer
      Given a bridge with the flags "--tool-timeout 1.5"
      And an open session
      When the tool "<tool>" runs with:
        | seconds |
        | 60.0    |
      Then it is refused with DEADLINE_EXCEEDED, saying "1.5 s"
      And the tool "<tool>" can run again

      Examples:
        | tool  |
        | sleep |
        | block |

    @requires_standard_tools
    Example: A tool that takes less
      Given a bridge with the flags "--tool-timeout 1.5"
      And an open session
      When the tool "sleep" runs with:
        | seconds |
        | 0.5     |
      Then the tool succeeds

    Example: A connection without calls is closed, and the next call makes another
      Given a bridge with the flags "--max-idle 0.3"
      And a float variable "x" holding 1
      When Ada calls, and then no more
      Then within 5 s Ada's connection is closed
      And Ada, on another connection, reads 1.0 from "x" at version 1

    Example: A connection with a watch stays
      Given a bridge with the flags "--max-idle 0.3"
      And a float variable "x" holding 1
      And Ada watches "x"
      When Ben calls, and then no more
      Then within 5 s Ben's connection is closed
      And Ada receives nothing else
