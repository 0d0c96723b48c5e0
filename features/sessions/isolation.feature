@sessions
Feature: Sessions share nothing
  Two sessions are two worlds: the same names may mean other things, and what is learnt in one is of no
  use in the other.

  @S3
  Rule: The same name may be used in several sessions

    Example: With other values
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "blue", "x" is set to 3
      Then in session "blue", "x" holds 3.0 at version 2
      And in session "green", "x" still holds 2.0 at version 1

    Example: With other types
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a string variable "x" holding "one"
      When in session "green", "x" is set to "two"
      Then in session "green", "x" holds "two" at version 2
      And in session "blue", "x" still holds 1.0 at version 1

    Example: Several variables in each
      Given in session "blue", the variables:
        | name | type    | value |
        | a    | float   | 1     |
        | b    | integer | 2     |
        | c    | string  | "3"   |
      And in session "green", a float variable "a" holding 10
      When in session "blue", the variables are listed
      Then the names listed are "a", "b" and "c"
      And in session "green", there is no variable "b"

    Example: A delete in one does not reach the other
      Given in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "blue", "x" is deleted
      Then in session "blue", there is no variable "x"
      And in session "green", "x" still holds 2.0 at version 1

  @S3
  Rule: An id learnt in one session is not found in another

    Scenario Outline: <action>
      Given in session "green", a float variable "x" holding 0.5
      And in session "blue", an open session
      When in session "blue", the id that "x" has in session "green" is <action>
      Then it is refused as not found
      And in session "green", "x" still holds 0.5 at version 1

      Examples:
        | action  |
        | read    |
        | set     |
        | deleted |

  @S3
  Rule: A watch hears of its own session alone

    Example: The same name changes elsewhere
      Given a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 2
      And Ada watches "x"
      When in session "blue", "x" is set to 3
      Then in session "blue", "x" holds 3.0 at version 2
      And Ada receives nothing else

    Example: The same name is watched in both
      Given a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 2
      And Ada watches "x"
      And in session "blue", Ben watches "x"
      When in session "blue", "x" is set to 3
      Then Ben receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 2       |
      And Ada receives nothing else

    Example: A watch of every variable
      Given a float variable "x" holding 1
      And in session "blue", a float variable "y" holding 2
      And Ada watches every variable
      When in session "blue", "y" is set to 3
      Then in session "blue", "y" holds 3.0 at version 2
      And Ada receives nothing else
