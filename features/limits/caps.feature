@limits @requires_process
Feature: Maximum numbers
  No client can make a bridge grow without limit. What exceeds a limit is refused, and everything else continues to
  work.

  @S7 @S7.2
  Rule: A call that exceeds a limit is refused and has no effect

    Example: The number of variables per session is limited
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

    @S7.3
    Example: Each session may have as many variables as the limit allows
      Given a bridge with the flags "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      When in session "blue", "a" is registered as a float holding 4
      Then in session "blue", "a" holds 4.0 at version 1
      And "a" still holds 1.0 at version 1

    Example: A deleted variable makes room for another one
      Given a bridge with the flags "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And a refused attempt, in which "d" is registered as a float holding 4
      And "a" was deleted
      When "d" is registered as a float holding 4
      Then "d" holds 4.0 at version 1

    Example: The number of watches per session is limited
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 1
      And Ada and Ben each watch "x"
      When Cy watches "x"
      Then Cy's watch ends with RESOURCE_EXHAUSTED
      And Ada receives nothing else

    @S7.3
    Example: Each session may have as many watches as the limit allows
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 2
      And Ada and Ben each watch "x"
      When in session "blue", Cy watches "x", with initial values
      Then Cy receives:
        | update        | value | version |
        | initial value | 2     | 1       |

    Example: Of ten clients that register variables at the same time, one gets the last room
      Given a bridge with the flags "--max-variables 1"
      And an open session
      When 10 clients at once each register a float variable of their own
      Then exactly one is accepted and the others are refused with RESOURCE_EXHAUSTED

    Example: A watch that was refused does not count
      Given a bridge with the flags "--max-watches 2"
      And a float variable "x" holding 1
      And Ada watches "gone"
      And Ada's watch ended as not found
      And Ben watches "x" and "gone"
      And Ben's watch ended as not found
      When Cy watches "x", with initial values
      Then Cy receives:
        | update        | value | version |
        | initial value | 1     | 1       |

    Example: The number of sessions is limited
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "red", "x" is registered as a float holding 3
      Then it is refused with RESOURCE_EXHAUSTED
      And in session "red", the session is not open
      And in session "blue", "x" still holds 1.0 at version 1

    Example: A list opens no session beyond the limit
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "red", the variables are listed
      Then it is refused with RESOURCE_EXHAUSTED
      And in session "red", the session is not open

    Example: A session that was cleaned up makes room for another one
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      And in session "blue", the session was cleaned up
      When in session "red", "x" is registered as a float holding 3
      Then in session "red", "x" holds 3.0 at version 1
      And in session "green", "x" still holds 2.0 at version 1

    @requires_current_fields
    Example: A session that has expired makes room for another one
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", an open session with a time to live of 1 s
      And in session "green", a float variable "x" holding 2
      And in session "blue", the session ended for lack of calls
      When in session "red", "x" is registered as a float holding 3
      Then in session "red", "x" holds 3.0 at version 1
      And in session "green", "x" still holds 2.0 at version 1

    @requires_current_service @requires_caps
    Example: The number of registered tools per session is limited
      Given a bridge with the flags "--max-tools 2"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name   | takes |
        | "ask"  | []    |
        | "plan" | []    |
      Then it is refused with RESOURCE_EXHAUSTED
      And the registered tools are "train"

    @S1 @S1.3 @requires_current_service @requires_caps
    Example: A registration of too many tools opens no session
      Given a bridge with the flags "--max-tools 2"
      When 3 tools "t" are registered
      Then it is refused with RESOURCE_EXHAUSTED
      And the session is not open

    @requires_current_service @requires_caps
    Example: Registering a tool again does not count as another tool
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
    Example: The number of metadata entries of a variable is limited
      Given a bridge with the flags "--max-metadata 2"
      And a float variable "x" holding 1
      And "x" was set to 2, with the metadata {"owner": "Ada", "unit": "mm"}
      When "x" is set to 3, with the metadata {"reason": "tuned"}
      Then it is refused with RESOURCE_EXHAUSTED
      And "x" still holds 2.0 at version 2

    @requires_caps @requires_current_fields
    Example: The number of metadata entries of a variable is limited for rollbacks as well
      Given a bridge with the flags "--max-metadata 2"
      And a float variable "x" holding 1
      And "x" was set to 2
      When "x" is rolled back to version 1, with the metadata {"owner": "Ada", "unit": "mm", "reason": "worse"}
      Then it is refused with RESOURCE_EXHAUSTED
      And "x" still holds 2.0 at version 2

    @requires_caps
    Example: Metadata entries that replace others do not count as additional ones
      Given a bridge with the flags "--max-metadata 2"
      And a float variable "x" holding 1
      And "x" was set to 2, with the metadata {"owner": "Ada", "unit": "mm"}
      When "x" is set to 3, with the metadata {"owner": "Ben", "unit": "cm"}
      Then "x" holds 3.0 at version 3
      And the metadata of "x" contains {"owner": "Ben", "unit": "cm"}

    @requires_caps
    Example: The number of metadata entries of a registration is limited
      Given a bridge with the flags "--max-metadata 2"
      And an open session
      When "x" is registered as a float holding 1, with the metadata {"owner": "Ada", "unit": "mm", "reason": "tuned"}
      Then it is refused with RESOURCE_EXHAUSTED
      And there is no variable "x"

    @requires_caps
    Example: The number of metadata entries of a session is limited
      Given a bridge with the flags "--max-metadata 2"
      When the session is opened, with the metadata {"owner": "Ada", "unit": "mm", "reason": "tuned"}
      Then it is refused with RESOURCE_EXHAUSTED
      And the session is not open

    @requires_caps
    Example: The number of dependencies per session is limited
      Given a bridge with the flags "--max-dependencies 2"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And a "tuned for" dependency of "b" on "a" was added
      And a "tuned for" dependency of "c" on "a" was added
      And Ada watches "c"
      When a "follows" dependency of "c" on "b" is added
      Then it is refused with RESOURCE_EXHAUSTED
      And a change of "b" sends Ada nothing

    @requires_caps
    Example: Deleting a variable makes room for another dependency
      Given a bridge with the flags "--max-dependencies 1"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And a "tuned for" dependency of "b" on "a" was added
      And "a" was deleted
      And a "tuned for" dependency of "c" on "b" was added
      And Ada watches "c"
      When "b" is set to 4
      Then Ada receives:
        | update            | variable |
        | dependency change | c        |

    @requires_caps
    Example: The number of followers of a variable is limited
      Given a bridge with the flags "--max-followers 1"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And a "tuned for" dependency of "b" on "a" was added
      And Ada watches "c"
      When a "tuned for" dependency of "c" on "a" is added
      Then it is refused with RESOURCE_EXHAUSTED
      And a change of "a" sends Ada nothing

    @requires_caps
    Scenario Outline: The number of variables of <a batch> is limited
      Given a bridge with the flags "--max-batch 10"
      And 11 integer variables "v" holding 0 and up
      When the 11 variables "v" are set in <a batch> to 5 and up
      Then it is refused with RESOURCE_EXHAUSTED
      And "v0" still holds 0 at version 1

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @requires_caps
    Example: The number of variables of a batch read is limited
      Given a bridge with the flags "--max-batch 10"
      And 11 integer variables "v" holding 0 and up
      When the 11 variables "v" are read in one call
      Then it is refused with RESOURCE_EXHAUSTED
      And "v0" still holds 0 at version 1

    @requires_caps
    Example: The bytes that a bridge retains are limited
      Given a bridge with the flags "--max-bytes 1000000"
      And a string variable "text" holding "short"
      When "text" is set to a text of 500000 characters
      Then it is refused with RESOURCE_EXHAUSTED
      And "text" still holds "short" at version 1

    @requires_caps
    Example: A session that has ended makes room for another one's values
      Given a bridge with the flags "--max-bytes 1000000"
      And in session "blue", a string variable "text" holding a text of 100000 characters
      And in session "blue", the session was cleaned up
      When "text" is registered as a string holding a text of 150000 characters
      Then it is accepted

    @requires_caps
    Example: Versions that are no longer retained make room for others
      Given a bridge with the flags "--max-bytes 2000000 --history-limit 3 --watch-log-limit 3"
      And a string variable "x" holding "short"
      When "x" is set to 60 long texts in turn
      Then it is accepted

    @requires_caps
    Example: A variable that was deleted makes room for the values of another one
      Given a bridge with the flags "--max-bytes 1000000 --watch-log-limit 1"
      And a string variable "first" holding a text of 100000 characters
      And "first" was deleted
      And an integer variable "x" holding 1
      And "x" was incremented 2 times
      When "second" is registered as a string holding a text of 210000 characters
      Then it is accepted

    @requires_caps
    Example: The bytes of a reply are limited
      Given a bridge with the flags "--max-unread-bytes 200000"
      And a string variable "text" holding a text of 150000 characters
      When the variables are listed
      Then it is refused with RESOURCE_EXHAUSTED
      And the session is open

    @requires_caps
    Example: Replies that were read do not count towards the limit
      Given a bridge with the flags "--max-unread-bytes 400000"
      And a string variable "text" holding a text of 150000 characters
      When repeatedly for 0.5 s, the variables are listed
      Then it is accepted

    @requires_caps
    Example: The number of simultaneous calls of one client is limited, and watches count
      Given a bridge with the flags "--max-calls 2"
      And a float variable "x" holding 1
      And Ada watches "x"
      And Ada opens another watch of "x"
      When as Ada, "x" is read
      Then it is refused with RESOURCE_EXHAUSTED
      And as Ben, "x" holds 1.0 at version 1

    @requires_caps
    Example: The calls of one token count together, whatever its connections
      Given a bridge with the tokens "first-token-of-the-file" and "second-token-of-the-file" and the flags "--max-calls 2"
      And a float variable "x" holding 1
      And Ada watches "x"
      And Ben watches "x"
      When on a new connection, "x" is read
      Then it is refused with RESOURCE_EXHAUSTED
      And with the token "second-token-of-the-file", "x" holds 1.0 at version 1

    @requires_caps @requires_operator_flags
    Example: Calls of the health service count as well
      Given a bridge with the tokens "first-token-of-the-file" and "second-token-of-the-file" and the flags "--max-calls 1"
      And a float variable "x" holding 1
      And Ada watches "x"
      When the health service is called
      Then it is refused with RESOURCE_EXHAUSTED
      And with the token "second-token-of-the-file", "x" holds 1.0 at version 1

    @requires_caps
    Example: A client can make as many calls at a time as the limit allows
      Given a bridge with the flags "--max-calls 2"
      And a float variable "x" holding 1
      And Ada watches "x"
      When as Ada, "x" is read
      Then it is accepted
      And Ada receives nothing else

    @requires_caps
    Example: A call that has ended makes room for another call
      Given a bridge with the flags "--max-calls 1"
      And a float variable "a" holding 1
      And Ada watches "a"
      When Ada stops watching
      Then Ada can watch "a" within 5 s

    @S7.3 @requires_current_service @requires_caps
    Example: Each session may have as many registered tools as the limit allows
      Given a bridge with the flags "--max-tools 2"
      And in session "blue", 2 tools "t" were registered
      When 2 tools "t" are registered
      Then the 2 tools "t" are listed in this order, and offered

    @requires_caps @requires_current_fields
    Example: A watch that resumes counts against the limit on watches
      Given a bridge with the flags "--max-watches 2"
      And an integer variable "x" holding 1
      And Ada and Ben each watch "x"
      And "x" was set to 2
      And Ada received 1 update
      When Ada resumes watching "x"
      Then Ada's watch ends with RESOURCE_EXHAUSTED

    @S1 @S1.2
    Example: An open session can be opened again when no other one can be opened
      Given a bridge with the flags "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      And a refused attempt, in which in session "red", the session is opened
      When in session "blue", the session is opened again
      Then it is accepted
      And in session "blue", "x" still holds 1.0 at version 1
