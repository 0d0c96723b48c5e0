@sessions
Feature: The lifetime of a session
  A session opens at its first use. It ends when it is cleaned up or has had no calls for its time to live, and a new
  session of the same id starts empty.

  @S1
  Rule: A session is opened, or opens at its first use

    Example: A session that is opened has no variables
      When the session is opened
      Then the session holds no variables
      And the session is open

    Example: Registering a variable opens the session
      When "x" is registered as a float holding 0.5
      Then the session is open

    Example: Listing variables opens the session
      When the variables are listed
      Then no names are listed
      And the session is open

  @S1
  Rule: Opening an open session changes nothing and answers its variables

    Example: Opening a session again answers its variables
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
    Example: Opening a session again keeps its metadata
      Given an open session, with the metadata {"owner": "Ada", "team": "blue"}
      And the session was opened again, with the metadata {"owner": "someone else"}
      When the session is described
      Then the description has:
        | metadata                         | variables |
        | {"owner": "Ada", "team": "blue"} | 0         |

  @S1
  Rule: A refused call opens no session

    Scenario Outline: A session does not open when <action>, which is refused
      When <action>
      Then it is refused as invalid
      And the session is not open

      Examples: invalid variables
        | action                                                                       |
        | "x" is registered as a float holding "text"                                  |
        | "x" is registered as an unknown type "colour" holding "red"                  |
        | "" is registered as a float holding 0.5                                      |
        | "x" is registered as a float holding 0.5, under the constraints `{"min": 1}` |
        | "x" is registered as a float holding 0.5, under the constraints `no JSON`    |

      @requires_current_fields
      Examples: a negative time to live
        | action                                            |
        | the session is opened with a time to live of -1 s |

  @S2
  Rule: Every other call needs an open session

    Scenario Outline: A session that is not open is not found when <action>
      When <action>
      Then it is refused as not found, saying "Session not found"
      And the session is not open

      Examples:
        | action                                              |
        | "x" is read                                         |
        | "x" is set to "text"                                |
        | "x" is deleted                                      |
        | "x" and "y" are read in one call                    |
        | an empty atomic batch is set                        |
        | "x" is rolled back to version 1                     |
        | the newest 1 entries in the history of "x" are read |
        | a "follows" dependency of "a" on "b" is added       |
        | the optimizer "mipro" locks "x"                     |
        | the optimizer "mipro" releases "x"                  |

    @requires_standard_tools
    Example: A tool does not run in a session that is not open
      When the tool "echo" runs with {"message": "hello"}
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @requires_standard_tools
    Example: A tool does not stream in a session that is not open
      When the tool "count" streams with {"n": 3}
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    Example: A watch is refused in a session that is not open
      When Ada watches "x"
      Then Ada's watch ends as not found, saying "Session not found"

    @requires_current_service
    Example: A session that is not open has no description
      When the session is described
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @requires_current_service
    Example: A heartbeat says that a session is not open
      When a heartbeat is sent
      Then the heartbeat says that the session is not open

    @requires_current_service
    Example: A heartbeat says that a session is open
      Given an open session
      When a heartbeat is sent
      Then the heartbeat says that the session is open

  @S4
  Rule: A clean-up ends the session with all that it holds

    Example: A clean-up counts variables and watches
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And Ada watches "a"
      When the session is cleaned up
      Then 3 resources are cleaned up
      And Ada's watch ends as not found
      And the session is not open

    Example: A clean-up of an empty session counts nothing
      Given an open session
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    Example: A clean-up of a session that is not open counts nothing
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    Example: A second clean-up counts nothing
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    Example: A clean-up leaves other sessions open
      Given a float variable "x" holding 0.5
      And in session "blue", a float variable "x" holding 0.75
      When the session is cleaned up
      Then 1 resource is cleaned up
      And in session "blue", "x" still holds 0.75 at version 1

  @S5 @requires_current_fields
  Rule: A session ends after its time to live without a call, and not earlier

    Example: A session without calls ends, and so do its watches
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call
      And the session is not open

    Example: Refused calls keep a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When repeatedly for 1.2 s, "x" is set to "text"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    @requires_current_service
    Example: Heartbeats keep a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When repeatedly for 1.2 s, a heartbeat is sent
      Then "x" still holds 0.5 at version 1

    @requires_standard_tools
    Example: A running tool keeps a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When the tool "sleep" runs with {"seconds": 1.2}
      Then the tool succeeds
      And "x" still holds 0.5 at version 1

    Example: A negative time to live is refused
      When the session is opened with a time to live of -5 s
      Then it is refused as invalid
      And the session is not open

  @S6
  Rule: A session that is opened again starts empty

    Example: A session that is opened again has no variables of the old one
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is opened
      Then the session holds no variables
      And there is no variable "x"

    Example: A variable of the new session is not found by its old id
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is read
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    Example: A variable of the new session cannot be set by its old id
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is set to 0.9
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    @requires_current_fields
    Scenario Outline: A watch of the old session cannot resume after <count> changes in the new one
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
  Rule: A session's id is 1 to 256 characters, none of them a control character

    Scenario Outline: A session's id may have <count> characters
      When a session is opened whose id is a text of <count> characters
      Then it is accepted

      Examples:
        | count |
        | 100   |
        | 256   |

    Example: A session's id of 257 characters is refused
      When a session is opened whose id is a text of 257 characters
      Then it is refused as invalid

    Scenario Outline: The session id <id> is refused
      When a session is opened whose id is <id>
      Then it is refused as invalid

      Examples:
        | id             |
        | ""             |
        | "line\nbreak"  |
        | "bell\u0007"   |
        | "nul\u0000nul" |
