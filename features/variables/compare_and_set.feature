@variables
Feature: Expected versions and request ids
  A client that changes a value because of what it read can name the version that it read. If another client was
  faster, the set is refused and names the current version, so that no change is lost.

  @A5 @A5.1
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

    Example: The refusal of an expected version names a current one above a thousand in digits
      Given an integer variable "count" holding 1
      And "count" was incremented 1233 times
      When "count" is set to 0, expecting version 1
      Then it is refused with ABORTED, saying "1234"
      And "count" still holds 1234 at version 1234

  @A5 @A5.2
  Rule: If several clients set with the same expected version, exactly one succeeds

    Example: One of ten clients with the same expected version succeeds
      Given a float variable "learning_rate" holding 0.1
      When 10 clients at once each set "learning_rate" to 5, expecting version 1
      Then exactly one is accepted and the others are refused with ABORTED
      And "learning_rate" is at version 2

  @A5 @A5.3
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

    @A6.1
    Example: A repeated set gets the first answer and changes nothing
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was set to 3
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 3 at version 3

    @A6.1
    Example: A repeated set with an expected version gets the first answer
      Given an integer variable "count" holding 1
      And "count" was set to 2, expecting version 1, with the request id "r-1"
      When "count" is set to 2, expecting version 1, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2

    @A6.1
    Example: Ten simultaneous sets with one request id apply once
      Given an integer variable "count" holding 1
      When 10 clients at once each set "count" to 2, with the request id "r-1"
      Then each client is answered version 2
      And "count" holds 2 at version 2

    @A6.2
    Example: A request id is still known after 9,999 other requests
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And 9999 requests with other request ids set "count" to 5
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 5 at version 10001

    @A6.1
    Example: A set with another request id applies
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      When "count" is set to 2, with the request id "r-2"
      Then the answer is version 3
      And "count" holds 2 at version 3

    @A6.3
    Example: A refused set can be repeated with the same request id
      Given an integer variable "count" holding 1
      And a refused attempt, in which "count" is set to "two", with the request id "r-1"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2

  @A6 @S7 @A6.1 @requires_current_fields
  Rule: A repeat changes nothing, even if it differs from the accepted set

    Scenario Outline: A repeat <that differs> gets the first answer and changes nothing
      Given the variables:
        | name  | type    | value |
        | count | integer | 1     |
        | other | integer | 1     |
      And "count" was set to 2, with the request id "r-1", with the metadata {"reason": "first"}
      And the state of "count" was noted
      And Ada watches every variable
      When <repeat>
      Then the answer is version 2
      And the state of "count" is as noted
      And "other" still holds 1 at version 1
      And Ada receives nothing else

      Examples:
        | that differs                  | repeat                                                                               |
        | with another value            | "count" is set to 3, with the request id "r-1"                                       |
        | with an invalid value         | "count" is set to "two", with the request id "r-1"                                   |
        | with other metadata           | "count" is set to 2, with the request id "r-1", with the metadata {"reason": "late"} |
        | with another expected version | "count" is set to 2, expecting version 7, with the request id "r-1"                  |
        | with an outdated version      | "count" is set to 2, expecting version 1, with the request id "r-1"                  |
        | that names the variable by id | "count", by its id, is set to 2, with the request id "r-1"                           |
        | that names another variable   | "other" is set to 2, with the request id "r-1"                                       |
        | that is made for an optimizer | "count" is set to 2, with the request id "r-1", for the optimizer "mipro"            |

    Example: A repeat has no entry in the history
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      When "count" is set to 9, with the request id "r-1", with the metadata {"changed_by": "Ada"}
      Then the answer is version 2
      And the history of "count" is:
        | version | value | changed by |
        | 2       | 2     | client     |
        | 1       | 1     | client     |

    @S7.1
    Example: A request id of 257 characters is refused
      Given an integer variable "count" holding 1
      When "count" is set to 2, with the request id a text of 257 characters
      Then it is refused as invalid
      And "count" still holds 1 at version 1

    @S7.1
    Scenario Outline: A repeat with a request id of 256 characters <character> gets the first answer
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id a text of 256 characters <character>
      And "count" was set to 3, with the request id a text of 255 characters <character>
      When "count" is set to 4, with the request id a text of 256 characters <character>
      Then the answer is version 2
      And "count" still holds 3 at version 3

      Examples:
        | character |
        | "x"       |
        | "é"       |
        | "🚀"       |

    @S7.1
    Scenario Outline: A request id with a control character, <id>, is refused
      Given an integer variable "count" holding 1
      When "count" is set to 2, with the request id <id>
      Then it is refused as invalid
      And "count" still holds 1 at version 1

      Examples:
        | id               |
        | "a\nb"           |
        | "next\u0085line" |
        | "csi\u009b"      |

  @A6 @S6 @A6.1 @requires_current_fields
  Rule: A repeat gets the first answer, whatever happened to the variable since

    Example: A repeat of a set gets the first answer after a delete
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was deleted
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And there is no variable "count"

    Example: A repeat does not change a variable that was registered since
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was deleted
      And an integer variable "count" holding 7
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 7 at version 1

    Example: A repeat gets the first answer after an optimizer has locked the variable
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And the optimizer "mipro" locked "count"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2
      And "count" is locked by the optimizer "mipro"

    Example: A repeat gets the first answer after a rollback
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And "count" was rolled back to version 1
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 1 at version 3

    Example: A repeat gets the first answer after a batch
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And these were set in an atomic batch:
        | name  | value |
        | count | 5     |
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 5 at version 3

    Example: A repeat gets the first answer after the open session was opened again
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And the session was opened again
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" still holds 2 at version 2

    @S6.1
    Example: A new session of the same id has no request ids of the old one
      Given an integer variable "count" holding 1
      And "count" was set to 2
      And "count" was set to 3, with the request id "r-1"
      And the session was cleaned up
      And an integer variable "count" holding 1
      When "count" is set to 3, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 3 at version 2

    @S3
    Example: Sessions have request ids of their own
      Given an integer variable "count" holding 1
      And "count" was set to 2
      And "count" was set to 3, with the request id "r-1"
      And in session "blue", an integer variable "count" holding 1
      When in session "blue", "count" is set to 4, with the request id "r-1"
      Then the answer is version 2
      And in session "blue", "count" holds 4 at version 2

  @A6 @requires_current_fields
  Rule: A set that was refused for any reason can be repeated

    @A6.3
    Example: A set that an optimizer's lock refused can be repeated after the release
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      And a refused attempt, in which "count" is set to 2, with the request id "r-1"
      And the optimizer "mipro" released "count"
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2

    @A6.3
    Example: A set that its expected version refused can be repeated with another one
      Given an integer variable "count" holding 1
      And a refused attempt, in which "count" is set to 2, expecting version 3, with the request id "r-1"
      When "count" is set to 2, expecting version 1, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2

    @A6.3
    Example: A set that came before the registration of its variable can be repeated
      Given an open session
      And a refused attempt, in which "count" is set to 2, with the request id "r-1"
      And an integer variable "count" holding 1
      When "count" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 2 at version 2

    @A6.1
    Scenario Outline: The request id <id> differs from "r-é"
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-é"
      When "count" is set to 3, with the request id <id>
      Then the answer is version 3
      And "count" holds 3 at version 3

      Examples:
        | id          |
        | "R-é"       |
        | "r-é "      |
        | "r-e\u0301" |
        | "r-e"       |
        | "r-é1"      |

  @A5 @A6 @A13 @A13.1
  Rule: Simultaneous calls are decided one after the other, however often they race

    @A5.2
    Example: Of five simultaneous sets that expect the same version, one succeeds each time
      When 300 times, five simultaneous calls set a variable with one expected version
      Then each time, exactly one is accepted and the others are refused with ABORTED

    @A6.1 @requires_current_fields
    Example: Five simultaneous sets with one request id apply once each time
      When 300 times, five simultaneous calls set a variable with one request id
      Then each time, all are accepted and the variable changes once

    @A5.2
    Example: Of five simultaneous sets by name or by id that expect the same version, one succeeds each time
      When 300 times, five simultaneous calls set a variable, by its name or its id, with one expected version
      Then each time, exactly one is accepted and the others are refused with ABORTED

    @A5 @A5.1 @requires_older_service
    Example: An expected version is compared under the older service name as well
      Given a float variable "x" holding 0.5
      When under the older service name, "x" is set to 0.6, expecting version 7
      Then it is refused with ABORTED, saying "1"
      And "x" still holds 0.5 at version 1
