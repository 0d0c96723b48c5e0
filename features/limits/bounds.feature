@limits @requires_process @requires_caps
Feature: Sizes, times and retention
  The size of messages, the time of tools and silent connections, and the number of retained answers are limited.

  @S7 @S7.2
  Rule: Messages have a maximum size

    Example: A request of exactly the maximum size is accepted
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "text" holding "short"
      When "text" is set in a message of 100000 bytes
      Then it is accepted
      And "text" is at version 2

    Example: A request above the maximum size is refused
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "text" holding "short"
      When "text" is set in a message of 100001 bytes
      Then it is refused with RESOURCE_EXHAUSTED
      And "text" still holds "short" at version 1

    Example: An answer may exceed the maximum size of requests
      Given a bridge with the flags "--max-message-bytes 100000"
      And a string variable "one" holding "short"
      And a string variable "two" holding "short"
      And "one" was set in a message of 100000 bytes
      And "two" was set in a message of 100000 bytes
      When the variables are listed
      Then the names listed are "one" and "two"

  @A6 @A6.2
  Rule: Retention is limited, and the oldest entries are dropped first

    Example: A retained answer is given to a repeated request
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3, with the request id "r-2"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 3 at version 3

    Example: A request whose answer is no longer retained applies again
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3, with the request id "r-2"
      And "count" was set to 4, with the request id "r-3"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 5
      And "count" holds 2 at version 5

    Example: A refused request takes the place of no retained answer
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3, with the request id "r-2"
      And a refused attempt, in which "count" is set to "two", with the request id "r-3"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 3 at version 3

    Example: The requests of one session take nothing from the retention of another
      Given a bridge with the flags "--request-ids 2"
      And an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And in session "blue", an integer variable "count" holding 1
      And in session "blue", 3 requests with other request ids set "count" to 5
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2

  @S7
  Rule: Tools and idle connections have time limits

    @requires_standard_tools
    Scenario Outline: The tool <tool> is ended at its time limit
      Given a bridge with the flags "--tool-timeout 1.5"
      And an open session
      When the tool "<tool>" runs with {"seconds": 60.0}
      Then it is refused with DEADLINE_EXCEEDED, saying "1.5 s"
      And the tool "<tool>" can run again

      Examples:
        | tool  |
        | sleep |
        | block |

    @requires_standard_tools
    Example: A tool that stays within its time limit succeeds
      Given a bridge with the flags "--tool-timeout 1.5"
      And an open session
      When the tool "sleep" runs with {"seconds": 0.5}
      Then the tool succeeds

    Example: A connection without calls is closed, and the next call opens another
      Given a bridge with the flags "--max-idle 0.3"
      And a float variable "x" holding 1
      When as Ada, the bridge is pinged
      Then within 5 s the connection of Ada is closed
      And as Ada, "x" holds 1.0 at version 1

    Example: A connection with an open watch is not closed
      Given a bridge with the flags "--max-idle 0.3"
      And a float variable "x" holding 1
      And Ada watches "x"
      When as Ben, the bridge is pinged
      Then within 5 s the connection of Ben is closed
      And Ada receives nothing else
