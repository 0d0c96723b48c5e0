@sessions
Feature: The life of a session
  A session holds what belongs together. It opens at first use, ends when it is cleaned up or forgotten,
  and never comes back as it was.

  @S1
  Rule: A session is opened, or opens at its first use

    Example: It is opened
      When the session is opened
      Then the session holds no variables
      And the session is open

    @requires_standard_tools
    Example: It offers the server's tools
      When the session is opened
      Then the session offers the tools "echo", "add", "fail", "sleep", "block", "increment", "die", "count" and "fail_after"

    @requires_standard_tools
    Example: It tells what the server's tools take
      When the session is opened
      Then the session offers the tools:
        | tool       | takes                                | needs       | streams |
        | echo       | {"message": "string"}                | ["message"] | no      |
        | add        | {"a": "float", "b": "float"}         | ["a", "b"]  | no      |
        | fail       | {"message": "string"}                | []          | no      |
        | sleep      | {"seconds": "float"}                 | ["seconds"] | no      |
        | block      | {"seconds": "float"}                 | ["seconds"] | no      |
        | increment  | {"name": "string", "by": "integer"}  | ["name"]    | no      |
        | die        | {}                                   | []          | no      |
        | count      | {"n": "integer"}                     | ["n"]       | yes     |
        | fail_after | {"n": "integer"}                     | ["n"]       | yes     |

    Example: It opens with its first variable
      When "x" is registered as a float holding 0.5
      Then the session is open

    Example: It opens when its variables are listed
      When the variables are listed
      Then no names are listed
      And the session is open

  @S1
  Rule: Opening an open session changes nothing and tells what is there

    Example: With variables
      Given the variables:
        | name        | type    | value                    |
        | temperature | float   | 0.7                      |
        | max_tokens  | integer | 256                      |
        | weights     | tensor  | float32 array [0.5, 1.5] |
      And "max_tokens" was set to 512
      When the session is opened again
      Then the session holds the variables:
        | name        | value                    | version |
        | temperature | 0.7                      | 1       |
        | max_tokens  | 512                      | 2       |
        | weights     | float32 array [0.5, 1.5] | 1       |
      And "temperature" still holds 0.7 at version 1

    @requires_current_service
    Example: Its metadata stays
      Given a session opened with the metadata:
        | owner | team |
        | Ada   | blue |
      And the session was opened again
      When the session is described
      Then the description has:
        | metadata                         | variables |
        | {"owner": "Ada", "team": "blue"} | 0         |

  @S1
  Rule: A refused call opens nothing

    Scenario Outline: <action>
      When <action>
      Then it is refused as invalid
      And the session is not open

      Examples:
        | action                                                                     |
        | "x" is registered as a float holding "text"                                |
        | "x" is registered as a colour holding "red"                                |
        | "" is registered as a float holding 0.5                                    |
        | "x" is registered as a float holding 0.5, under the constraints `{"min": 1}` |
        | "x" is registered as a float holding 0.5, under the constraints `no JSON` |
        | the session is opened with a time to live of -1 s                          |

  @S2
  Rule: Nothing else can be done in a session that is not open

    Scenario Outline: <action>
      When <action>
      Then it is refused as not found, saying "Session not found"
      And the session is not open

      Examples:
        | action                                             |
        | "x" is read                                        |
        | "x" is set to "text"                               |
        | "x" is deleted                                     |
        | "x" and "y" are read in one call |
        | an empty atomic batch is set |
        | "x" is rolled back to version 1                    |
        | the newest 1 entries in the history of "x" are read |
        | a "follows" dependency of "a" on "b" is added |
        | the optimizer "mipro" locks "x" |
        | the optimizer "mipro" releases "x" |

    @requires_standard_tools
    Example: A tool
      When the tool "echo" runs with:
        | message |
        | "hello" |
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @requires_standard_tools
    Example: A streaming tool
      When the tool "count" streams with:
        | n |
        | 3 |
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    Example: A watch
      When Ada watches "x"
      Then Ada's watch ends as not found, saying "Session not found"

    @requires_current_service
    Example: A description
      When the session is described
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @requires_current_service
    Example: A heartbeat only says so
      When a heartbeat is sent
      Then it says that the session is not open

    @requires_current_service
    Example: A heartbeat in an open session
      Given an open session
      When a heartbeat is sent
      Then it says that the session is open

  @S4
  Rule: A clean-up ends the session with all that it holds

    Example: Variables and watches are counted
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And Ada watches "a"
      When the session is cleaned up
      Then 3 resources are cleaned
      And Ada's watch ends as not found
      And the session is not open

    Example: An empty session
      Given an open session
      When the session is cleaned up
      Then 0 resources are cleaned
      And the session is not open

    Example: A session that is not open
      When the session is cleaned up
      Then 0 resources are cleaned
      And the session is not open

    Example: Twice
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is cleaned up
      Then 0 resources are cleaned
      And the session is not open

    Example: Other sessions stay
      Given a float variable "x" holding 0.5
      And in session "blue", a float variable "x" holding 0.75
      When the session is cleaned up
      Then 1 resource is cleaned
      And in session "blue", "x" still holds 0.75 at version 1

  @S5
  Rule: A session ends after its time to live without a call, and never earlier

    Example: It ends, and its watches learn of it
      Given a session that lives 1 s without a call
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When nobody calls any more
      Then Ada's watch ends as not found, not before 1 s have passed
      And the session is not open

    Example: Calls renew it, also refused ones
      Given a session that lives 1 s without a call
      And a float variable "x" holding 0.5
      When calls come again and again for 1.2 s, each of them refused
      Then "x" still holds 0.5 at version 1

    @requires_current_service
    Example: Heartbeats renew it
      Given a session that lives 1 s without a call
      And a float variable "x" holding 0.5
      When heartbeats come again and again for 1.2 s
      Then "x" still holds 0.5 at version 1

    @requires_standard_tools
    Example: A running tool keeps it
      Given a session that lives 1 s without a call
      And a float variable "x" holding 0.5
      When the tool "sleep" runs with:
        | seconds |
        | 1.2     |
      Then the tool succeeds
      And "x" still holds 0.5 at version 1

    Example: A negative time to live
      When the session is opened with a time to live of -5 s
      Then it is refused as invalid
      And the session is not open

  @S6
  Rule: A session that is opened again starts empty

    Example: Nothing of the old one shows
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is opened
      Then the session holds no variables
      And there is no variable "x"

    Example: An old id leads nowhere
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is read
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    Example: A write by an old id fails
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is set to 0.9
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    Scenario Outline: An old watch cannot be resumed where the new session made <count> changes more
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And an integer variable "x" holding 1
      And "x" was incremented <count> times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

      Examples:
        | count |
        | 0     |
        | 1     |
        | 3     |
        | 10    |

  @S7
  Rule: An id is 1 to 256 characters, none of them a control character

    Scenario Outline: An id of <count> characters
      When a session with an id of <count> characters is opened
      Then it is accepted

      Examples:
        | count |
        | 100   |
        | 256   |

    Example: An id of 257 characters
      When a session with an id of 257 characters is opened
      Then it is refused as invalid

    Scenario Outline: The id <id>
      When the session with the id <id> is opened
      Then it is refused as invalid

      Examples:
        | id             |
        | ""             |
        | "line\nbreak"  |
        | "bell\u0007"   |
        | "nul\u0000nul" |
