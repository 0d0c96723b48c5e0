@variables
Feature: Expected versions and request ids
  A client that changes a value because of what it read can name the version that it read. If another client was
  faster, the set is refused and names the current version, so that no change is lost.

  @A5
  Rule: A set with an expected version succeeds only at that version

    Example: A set with the current version as expected version succeeds
      Given a float variable "learning_rate" holding 0.1
      When "learning_rate" is set to 0.05, expecting version 1
      Then the answer is version 2
      And "learning_rate" holds 0.05 at version 2

    Scenario Outline: A set that expects version <expected> is refused at version 3
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
  Rule: If several clients set with the same expected version, exactly one succeeds

    Example: One of ten clients with the same expected version succeeds
      Given a float variable "learning_rate" holding 0.1
      When 10 clients at once each set "learning_rate" to 5, expecting version 1
      Then exactly one is accepted and the others are refused with ABORTED
      And "learning_rate" is at version 2

  @A5
  Rule: Versions belong to one variable

    Example: A variable that is registered again after a delete begins at version 1
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was deleted
      When "x" is registered as a float holding 0.3
      Then "x" holds 0.3 at version 1

    Example: The id of a deleted variable does not find its successor
      Given a float variable "x" holding 0.1
      And "x" was deleted
      And a float variable "x" holding 0.3
      When "x", by its old id, is read
      Then it is refused as not found
      And "x" still holds 0.3 at version 1

  @A6 @requires_current_fields
  Rule: A set that is repeated with the same request id applies once

    Example: A repeated set gets the first answer and changes nothing
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 3 at version 3

    Example: A repeated set with an expected version gets the first answer
      Given an integer variable "count" holding 1
      And "count" was set to 2, expecting version 1, with the request id "r-1"
      When "count" is set to 2, expecting version 1, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2

    Example: Ten simultaneous sets with one request id apply once
      Given an integer variable "count" holding 1
      When 10 clients at once each set "count" to 2, with the request id "r-1"
      Then each client is answered version 2
      And "count" holds 2 at version 2

    Example: A request id is still known after 9,999 other requests
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And 9999 requests with other request ids set "count" to 5
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 5 at version 10001

    Example: A set with another request id applies
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      When "count" is set to 2, with the request id "r-2"
      Then the answer is version 3
      And "count" holds 2 at version 3

    Example: A refused set can be repeated with the same request id
      Given an integer variable "count" holding 1
      And a refused attempt, in which "count" is set to "two", with the request id "r-1"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2
