@limits @requires_process
Feature: Caps
  Nothing that clients do may make a bridge grow without bound. One over a cap is refused, the rest works
  on.

  @S7
  Rule: One over the cap is refused, and the rest works on

    Example: Variables
      Given a bridge with the flags "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      When "d" is registered as a float holding 4
      Then it is refused with RESOURCE_EXHAUSTED
      And there is no variable "d"
      And "c" still holds 3.0 at version 1

    Example: A place that is free again can be taken
      Given a bridge with the flags "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "a" was deleted
      When "d" is registered as a float holding 4
      Then "d" holds 4.0 at version 1

    Example: Watches
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 1
      And Ada and Ben each watch "x"
      When Cy watches "x"
      Then Cy's watch ends with RESOURCE_EXHAUSTED
      And Ada receives nothing else

    Example: Sessions
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "red", "x" is registered as a float holding 3
      Then it is refused with RESOURCE_EXHAUSTED
      And in session "red", the session is not open
      And in session "blue", "x" still holds 1.0 at version 1

    @requires_current_service @requires_caps
    Example: Registered tools
      Given a bridge with the flags "--max-tools 2"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name   | takes |
        | "ask"  | []    |
        | "tell" | []    |
      Then it is refused with RESOURCE_EXHAUSTED
      And the registered tools are "train"

    @requires_current_service @requires_caps
    Example: A tool that is replaced is no new one
      Given a bridge with the flags "--max-tools 2"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      Then the tool "train" takes {"rate": "float"}
      And the registered tools are "train" and "ask"

    @requires_caps
    Example: Metadata of a variable
      Given a bridge with the flags "--max-metadata 2"
      And a float variable "x" holding 1
      And "x" was set to 2 with the metadata:
        | owner | unit |
        | Ada   | mm   |
      When "x" is set to 3, with the metadata:
        | reason |
        | tuned  |
      Then it is refused with RESOURCE_EXHAUSTED
      And "x" still holds 2.0 at version 2

    @requires_caps
    Example: Metadata that takes the place of other metadata is no more
      Given a bridge with the flags "--max-metadata 2"
      And a float variable "x" holding 1
      And "x" was set to 2 with the metadata:
        | owner | unit |
        | Ada   | mm   |
      When "x" is set to 3, with the metadata:
        | owner | unit |
        | Ben   | cm   |
      Then "x" holds 3.0 at version 3
      And the metadata of "x" has:
        | owner | unit |
        | Ben   | cm   |

    @requires_caps
    Example: Metadata of a registration
      Given a bridge with the flags "--max-metadata 2"
      And an open session
      When "x" is registered as a float holding 1, with the metadata:
        | owner | unit | reason |
        | Ada   | mm   | tuned  |
      Then it is refused with RESOURCE_EXHAUSTED
      And there is no variable "x"

    @requires_caps
    Example: Metadata of a session
      Given a bridge with the flags "--max-metadata 2"
      When the session is opened with the metadata:
        | owner | unit | reason |
        | Ada   | mm   | tuned  |
      Then it is refused with RESOURCE_EXHAUSTED
      And the session is not open

    @requires_caps
    Example: Dependencies
      Given a bridge with the flags "--max-dependencies 2"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "b" follows "a" as "tuned for"
      And "c" follows "a" as "tuned for"
      And Ada watches "c"
      When "c" is made to follow "b"
      Then it is refused with RESOURCE_EXHAUSTED
      And a change of "b" tells Ada nothing

    @requires_caps
    Example: A place among the dependencies is free once a variable is deleted
      Given a bridge with the flags "--max-dependencies 1"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "b" follows "a" as "tuned for"
      And "a" was deleted
      And "c" follows "b" as "tuned for"
      And Ada watches "c"
      When "b" is set to 4
      Then Ada receives:
        | update            | variable |
        | dependency change | c        |

    @requires_caps
    Example: Calls of one client at a time, of which watches are some
      Given a bridge with the flags "--max-calls 2"
      And a float variable "x" holding 1
      And Ada watches "x"
      And Ada also watches "x"
      When Ada reads "x" on the same connection
      Then it is refused with RESOURCE_EXHAUSTED
      And Ben, on another connection, reads 1.0 from "x" at version 1

    @requires_caps
    Example: As many calls of one client as it may have
      Given a bridge with the flags "--max-calls 2"
      And a float variable "x" holding 1
      And Ada watches "x"
      When Ada reads "x" on the same connection
      Then it is accepted
      And Ada receives nothing else

    @requires_caps
    Example: A call that has ended makes room for another
      Given a bridge with the flags "--max-calls 1"
      And a float variable "a" holding 1
      And Ada watches "a"
      When Ada stops watching
      Then within 5 s Ada can watch "a"
