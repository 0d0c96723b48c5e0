@sessions
Feature: Isolation of sessions
  Sessions are separate namespaces: a name can mean different variables in different sessions, and an id or a watch of
  one session is of no use in another.

  @S3 @S3.1
  Rule: The same name may be used in several sessions

    Example: Variables of two sessions with one name have different values
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "blue", "x" is set to 3
      Then in session "blue", "x" holds 3.0 at version 2
      And in session "green", "x" still holds 2.0 at version 1

    Example: Variables of two sessions with one name have different types
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a string variable "x" holding "one"
      When in session "green", "x" is set to "two"
      Then in session "green", "x" holds "two" at version 2
      And in session "blue", "x" still holds 1.0 at version 1

    Example: A session lists its own variables only
      Given in session "blue", the variables:
        | name | type    | value |
        | a    | float   | 1     |
        | b    | integer | 2     |
        | c    | string  | "3"   |
      And in session "green", a float variable "a" holding 10
      When in session "blue", the variables are listed
      Then the names listed are "a", "b" and "c"
      And in session "green", there is no variable "b"

    Example: Deleting a variable leaves that of another session with the same name
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "blue", "x" is deleted
      Then in session "blue", there is no variable "x"
      And in session "green", "x" still holds 2.0 at version 1

    Scenario Outline: A session and a name are not another session and another name, joined by the sign <sign>
      Given a session was opened whose id is "judge a"
      And a session was opened whose id is "judge a<sign>b"
      And in session "judge a", a float variable "b<sign>c" holding 1
      When in session "judge a<sign>b", "c" is registered as a string holding "two"
      Then it is accepted
      And in session "judge a<sign>b", "c" holds "two" at version 1
      And in session "judge a", "b<sign>c" still holds 1.0 at version 1

      Examples:
        | sign |
        | :    |
        | /    |
        | .    |
        | -    |
        | _    |

  @S3 @S3.2
  Rule: An id of one session is not found in another

    Scenario Outline: An id of another session is not found: <action>
      Given in session "green", a float variable "x" holding 0.5
      And in session "blue", a float variable "y" holding 0.5
      When in session "blue", <action>
      Then it is refused as not found
      And in session "green", "x" still holds 0.5 at version 1

      Examples:
        | action                                                                             |
        | "x", by its id in session "green", is read                                         |
        | "x", by its id in session "green", is set to 0.75                                  |
        | "x", by its id in session "green", is deleted                                      |
        | "x", by its id in session "green", is rolled back to version 1                     |
        | the newest 0 entries in the history of "x", by its id in session "green", are read |
        | the optimizer "mipro" locks "x", by its id in session "green",                     |
        | the optimizer "mipro" releases "x", by its id in session "green",                  |
        | the optimizer "mipro" releases "x", by its id in session "green", by force         |
        | a "follows" dependency of "y" on "x", by its id in session "green", is added       |
        | a "follows" dependency of "x", by its id in session "green", on "y" is added       |

    Example: A watch by an id of another session is refused
      Given in session "green", a float variable "x" holding 0.5
      And in session "blue", a float variable "y" holding 0.5
      When in session "blue", Ada watches "x", by its id in session "green"
      Then Ada's watch ends as not found
      And in session "green", "x" still holds 0.5 at version 1

  @S3 @S3.1
  Rule: A watch receives updates of its own session only

    Example: A watch does not receive changes of the same name in another session
      Given a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 2
      And Ada watches "x"
      When in session "blue", "x" is set to 3
      Then in session "blue", "x" holds 3.0 at version 2
      And Ada receives nothing else

    Example: Watches of the same name in two sessions receive different updates
      Given a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 2
      And Ada watches "x"
      And in session "blue", Ben watches "x"
      When in session "blue", "x" is set to 3
      Then Ben receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 2       |
      And Ada receives nothing else

    Example: A watch of every variable does not receive changes of another session
      Given a float variable "x" holding 1
      And in session "blue", a float variable "y" holding 2
      And Ada watches every variable
      When in session "blue", "y" is set to 3
      Then in session "blue", "y" holds 3.0 at version 2
      And Ada receives nothing else
