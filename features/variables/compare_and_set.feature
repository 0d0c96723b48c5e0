@variables
Feature: Compare-and-set
  Whoever changes a variable on the strength of what they read can say which version that was. If someone
  else came first, nothing is lost: the set is refused and tells the current version.

  @A5
  Rule: A set that expects a version is accepted at that version alone

    Example: The version is as expected
      Given a float variable "learning_rate" holding 0.1
      When "learning_rate" is set to 0.05, expecting version 1
      Then the answer is version 2
      And "learning_rate" holds 0.05 at version 2

    Scenario Outline: Version <expected> is expected where 3 is current
      Given a float variable "learning_rate" holding 0.1
      And "learning_rate" was set to 0.2
      And "learning_rate" was set to 0.3
      When "learning_rate" is set to 0.5, expecting version <expected>
      Then it is refused with ABORTED, saying "3"
      And "learning_rate" still holds 0.3 at version 3

      Examples:
        | expected |
        | 2        |
        | 1        |
        | 4        |
        | 0        |
        | -1       |

  @A5
  Rule: Of several writers with one version exactly one wins

    Example: Ten writers
      Given a float variable "learning_rate" holding 0.1
      When 10 clients at once each set "learning_rate" to 5, expecting version 1
      Then exactly one is accepted and the others are refused with ABORTED
      And "learning_rate" is at version 2

  @A5
  Rule: A variable's versions are its own

    Example: After a delete the name counts from 1 again
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was deleted
      When "x" is registered as a float holding 0.3
      Then "x" holds 0.3 at version 1

    Example: The old id does not lead to the new variable
      Given a float variable "x" holding 0.1
      And "x" was deleted
      And a float variable "x" holding 0.3
      When "x", by its old id, is read
      Then it is refused as not found
      And "x" still holds 0.3 at version 1

  @A6
  Rule: A set that is sent again under the same request id applies once

    Example: The answer was lost, and the set is sent again
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 3 at version 3

    Example: It expects a version, which is no longer current when it is sent again
      Given an integer variable "count" holding 1
      And "count" was set to 2, expecting version 1, with the request id "r-1"
      When "count" is set to 2, expecting version 1, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2

    Example: Ten clients send it at once
      Given an integer variable "count" holding 1
      When 10 clients at once each set "count" to 2, with the request id "r-1"
      Then each client is answered version 2
      And "count" holds 2 at version 2

    Example: It is sent again after 9,999 others
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And 9999 requests with other request ids set "count" to 5
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 5 at version 10001

    Example: Other request ids apply
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      When "count" is set to 2, with the request id "r-2"
      Then the answer is version 3
      And "count" holds 2 at version 3

    Example: A refused request may be tried again
      Given an integer variable "count" holding 1
      And a refused attempt, in which "count" is set to "two", with the request id "r-1"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2
