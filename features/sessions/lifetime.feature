@sessions
Feature: The lifetime of a session
  A session opens at its first use. It ends when it is cleaned up or has had no calls for its time to live, and a new
  session of the same id starts empty.

  @S1 @S1.1
  Rule: A session is opened, or opens at its first use

    Example: A session that is opened has no variables
      When the session is opened
      Then the session holds no variables
      And the session is open

    Example: Registering a variable opens the session
      When "x" is registered as a float holding 0.5
      Then the session is open

    Scenario Outline: Listing <variables> opens the session
      When <variables> are listed
      Then no names are listed
      And the session is open

      Examples:
        | variables                     |
        | the variables                 |
        | the variables that match "x*" |

    Example: Ten clients open a session at the same time by their first registrations
      When 10 clients at once each register a float variable of their own
      Then all are accepted
      And the variables "variable_" 0 to 9 hold 0 to 9

  @S1 @S1.2
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

    @S1.4 @requires_current_service
    Example: Opening a session again keeps its metadata
      Given an open session, with the metadata {"owner": "Ada", "team": "blue"}
      And the session was opened again, with the metadata {"owner": "someone else"}
      When the session is described
      Then the description has:
        | metadata                         | variables |
        | {"owner": "Ada", "team": "blue"} | 0         |

  @S1 @S1.3
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
        | "x" is registered as a float holding the text `{`                            |
        | "x" is registered as a float holding no value                                |

      @requires_current_fields
      Examples: a negative time to live
        | action                                            |
        | the session is opened with a time to live of -1 s |

  @S2
  Rule: Every other call needs an open session

    @S2.1
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
        | no variables are read in one call                   |
        | an empty atomic batch is set                        |
        | "x" is rolled back to version 1                     |
        | the newest 1 entries in the history of "x" are read |
        | a "follows" dependency of "a" on "b" is added       |
        | the optimizer "mipro" locks "x"                     |
        | the optimizer "mipro" releases "x"                  |

    @S2.1 @requires_standard_tools
    Example: A tool does not run in a session that is not open
      When the tool "echo" runs with {"message": "hello"}
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @S2.1 @requires_standard_tools
    Example: A tool does not stream in a session that is not open
      When the tool "count" streams with {"n": 3}
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @S2.1
    Example: A watch is refused in a session that is not open
      When Ada watches "x"
      Then Ada's watch ends as not found, saying "Session not found"

    @S2.1 @requires_current_service
    Example: A session that is not open has no description
      When the session is described
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @S2.2 @requires_current_service
    Example: A heartbeat says that a session is not open
      When a heartbeat is sent
      Then the heartbeat says that the session is not open

    @S2.2 @requires_current_service
    Example: A heartbeat says that a session is open
      Given an open session
      When a heartbeat is sent
      Then the heartbeat says that the session is open

  @S4 @W9
  Rule: A clean-up ends the session with all that it holds

    @S4.1
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

    @S4.1 @W9.1
    Example: A clean-up does not count a watch that was cancelled more than 2 s before
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And Ada stopped watching
      And repeatedly for 2.5 s, "x" is read
      When the session is cleaned up
      Then 1 resource is cleaned up

    @S4.1
    Example: A clean-up of an empty session counts nothing
      Given an open session
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    @S4.2
    Example: A clean-up of a session that is not open counts nothing
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    @S4.2
    Example: A second clean-up counts nothing
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is cleaned up
      Then 0 resources are cleaned up
      And the session is not open

    @S4.1
    Example: A clean-up leaves other sessions open
      Given a float variable "x" holding 0.5
      And in session "blue", a float variable "x" holding 0.75
      When the session is cleaned up
      Then 1 resource is cleaned up
      And in session "blue", "x" still holds 0.75 at version 1

    @S4.1 @W9 @requires_current_service @requires_older_service
    Example: A clean-up counts and ends a watch of the older service name
      Given a float variable "x" holding 0.5
      And under the older service name, Ada watches "x"
      When the session is cleaned up
      Then 2 resources are cleaned up
      And Ada's watch ends as not found

    @S4.1
    Scenario Outline: A clean-up of the session <id> leaves the session <other> open
      Given a session was opened whose id is <id>
      And a session was opened whose id is <other>
      And in session <other>, a float variable "x" holding 1
      When in session <id>, the session is cleaned up
      Then 0 resources are cleaned up
      And in session <other>, "x" still holds 1.0 at version 1

      Examples:
        | id        | other       |
        | "judge p" | "judge p2"  |
        | "judge p" | "judge p:x" |
        | "judge *" | "judge q"   |

    @S4.2
    Example: Of five simultaneous clean-ups of a session, one counts its resources
      When 40 times, five simultaneous calls clean up one session of three variables
      Then each time, one answers 3 resources and the others answer 0

  @S5 @requires_current_fields
  Rule: A session ends after its time to live without a call, and not earlier

    @S5.1 @S5.2 @S5.4
    Example: A session without calls ends, and so do its watches
      Given in session "lasting", an open session
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call
      And the session is not open

    @S5.4 @requires_process
    Example: The heartbeats of a watch do not keep a session open
      Given a bridge with short heartbeats
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call

    @S5.2
    Scenario Outline: A time to live may be <long>
      Given an open session with a time to live of <seconds> s
      When the last call is made
      Then the session is open

      Examples:
        | long     | seconds    |
        | a month  | 2678400    |
        | 100 days | 8640000    |
        | 68 years | 2147483647 |

    @S5.3
    Example: Refused calls keep a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When repeatedly for 1.2 s, "x" is set to "text"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    @S5.3 @requires_current_service
    Example: Heartbeats keep a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When repeatedly for 1.2 s, a heartbeat is sent
      Then "x" still holds 0.5 at version 1

    @S5.3 @requires_current_service @requires_older_service
    Example: Calls of the older service name keep a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When repeatedly for 1.2 s, under the older service name, "x" is read
      Then "x" still holds 0.5 at version 1

    @S5.4 @requires_standard_tools
    Example: A running tool keeps a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      When the tool "sleep" runs with {"seconds": 1.2}
      Then the tool succeeds
      And "x" still holds 0.5 at version 1

    @S5.4 @requires_standard_tools
    Example: A running stream keeps a session open
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When in session "blue", repeatedly for 1.5 s, the variables are listed
      Then "x" still holds 0.5 at version 1

    @S5.4 @requires_standard_tools
    Example: A running tool keeps a session open after another one has ended
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And the tool "sleep" is running for 3 s
      And the tool "sleep" ran with {"seconds": 0.01}
      When in session "blue", repeatedly for 1.5 s, the variables are listed
      Then "x" still holds 0.5 at version 1

    @S5.1
    Example: A session ends after a call of a tool whose host does not answer
      Given an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      And Ada watches "x"
      When the tool "train" runs
      Then it is refused as unavailable
      And Ada's watch ends as not found

    @S5.2
    Example: The time to live of a cache is not that of the session
      Given an open session whose configuration asks for a cache of 1 s
      And a float variable "x" holding 0.5
      When in session "blue", repeatedly for 1.5 s, the variables are listed
      Then "x" still holds 0.5 at version 1

    @S5.2
    Example: A negative time to live is refused
      When the session is opened with a time to live of -5 s
      Then it is refused as invalid
      And the session is not open

  @S6
  Rule: A session that is opened again starts empty

    @S6.1
    Example: A session that is opened again has no variables of the old one
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      When the session is opened
      Then the session holds no variables
      And there is no variable "x"

    @S6.2
    Example: A variable of the new session is not found by its old id
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is read
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    @S6.2
    Example: A variable of the new session cannot be set by its old id
      Given a float variable "x" holding 0.5
      And the session was cleaned up
      And a float variable "x" holding 0.75
      When "x", by its old id, is set to 0.9
      Then it is refused as not found
      And "x" still holds 0.75 at version 1

    @S6.3 @requires_current_fields
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

    @S6.3 @requires_current_fields
    Example: A watch cannot resume after a session in between in which nothing was changed
      Given an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session was cleaned up
      And an open session
      And the session was cleaned up
      And an integer variable "x" holding 1
      And "x" was incremented 10 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

  @S7 @S7.1
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

    Scenario Outline: A session whose id has a line break does not open when <action>
      When in session "line\nbreak", <action>
      Then it is refused as invalid

      Examples:
        | action                                 |
        | "x" is registered as a float holding 1 |
        | the variables are listed               |

      @requires_current_service
      Examples: a method of the newer service
        | action                     |
        | 1 tools "t" are registered |

  @S1 @S1.2
  Rule: Opening an open session again changes nothing about it

    @S1.4 @requires_current_service
    Example: Opening a session again leaves its description as it was
      Given an open session, with the metadata {"owner": "Ada"}
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the description of the session was noted
      And "a" was set to 3
      When the session is opened again, with the metadata {"owner": "Ben", "team": "blue"}
      Then the description of the session is as noted

    @S1.4 @requires_current_service
    Example: A session that a registration has opened takes no metadata later
      Given a float variable "x" holding 0.5
      And the description of the session was noted
      When the session is opened again, with the metadata {"owner": "Ada"}
      Then the description of the session is as noted

    Example: Opening a session again leaves a variable, its lock and its history as they were
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6, with the metadata {"reason": "tuning", "source": "elixir"}
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      When the session is opened again, with the metadata {"reason": "other"}
      Then the state of "x" is as noted
      And the history of "x" has the versions 2 down to 1

    Example: Opening a session again leaves its watches open and sends them nothing
      Given a float variable "x" holding 0.5
      And Ada watches every variable
      And the session was opened again
      When "x" is set to 0.6
      Then Ada receives:
        | update       | value | version |
        | value change | 0.6   | 2       |
      And Ada receives nothing else

    Example: Opening a session again answers a thousand variables
      Given 1000 integer variables "v" holding 5 and up
      When the session is opened again
      Then the answer has the 1000 variables "v", holding 5 and up at version 1

    @S1.4 @requires_current_service
    Example: A session's description has its variables as of now
      Given an open session, with the metadata {"schlüssel 🚀": "e\u0301", "empty": ""}
      And the session was described
      And a float variable "a" holding 1
      And a float variable "b" holding 1
      And a float variable "c" holding 1
      And "a" was deleted
      When the session is described
      Then the description has:
        | metadata                                | variables |
        | {"schlüssel 🚀": "e\u0301", "empty": ""} | 2         |

    @S1.4 @requires_current_service
    Example: A session's description counts a variable that was registered again
      Given a float variable "a" holding 1
      And a float variable "b" holding 1
      And "a" was deleted
      And a string variable "a" holding "new"
      When the session is described
      Then the description has:
        | variables |
        | 2         |

  @S5 @S6 @requires_current_fields
  Rule: The time to live is that of the first opening, and any call restarts it

    @S5.3
    Example: Every method that names a session keeps it open
      When each method that names a session is called repeatedly in one of its own for 2.5 s
      Then each of these sessions is open

    @S5.2 @S5.1
    Example: Opening a session again does not change its time to live
      Given in session "brief", an open session with a time to live of 1 s
      And in session "brief", a float variable "x" holding 0.5
      And in session "brief", the session was opened again with a time to live of 100 s
      And in session "lasting", an open session
      And in session "lasting", a float variable "x" holding 0.5
      And in session "lasting", the session was opened again with a time to live of 1 s
      And in session "registered", a float variable "x" holding 0.5
      And in session "registered", the session was opened again with a time to live of 1 s
      And in session "brief", Ada watches "x"
      When in session "brief", the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call
      And in session "lasting", "x" still holds 0.5 at version 1
      And in session "registered", "x" still holds 0.5 at version 1

    @W7 @S6.1 @S6.3 @S5.1
    Example: A session that has expired begins again empty, and its watches cannot be resumed
      Given an open session with a time to live of 1 s
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session ended for lack of calls
      And an integer variable "x" holding 1
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range
      And "x" still holds 6 at version 6

    @A6 @S6.1 @requires_current_service
    Example: A session that has expired leaves neither request ids nor tools to a new one of its id
      Given an open session with a time to live of 1 s
      And an integer variable "count" holding 1
      And "count" was set to 2, with the request id "r-1"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the session ended for lack of calls
      And an integer variable "count" holding 1
      When "count" is set to 3, with the request id "r-1"
      Then the answer is version 2
      And "count" holds 3 at version 2
      And no tools are registered

    @S5.2
    Example: A session that is opened again has the time to live of its own opening
      Given an open session with a time to live of 1 s
      And the session was cleaned up
      And a float variable "x" holding 0.5
      When in session "lasting", repeatedly for 1.5 s, the variables are listed
      Then "x" still holds 0.5 at version 1

    @S6 @S6.1 @S1 @S1.4 @requires_current_service
    Example: A session that has expired leaves no metadata to a new one of its id
      Given an open session with a time to live of 1 s, with the metadata {"owner": "Ada"}
      And the session ended for lack of calls
      And a float variable "x" holding 0.5
      When the session is described
      Then the description has no metadata

    @S5.1 @S6 @S6.1
    Example: A session that is opened again after it has expired ends for lack of calls as well
      Given an open session with a time to live of 1 s
      And the session ended for lack of calls
      And an open session with a time to live of 1 s
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the last call is made
      Then Ada's watch ends as not found, 1 s or more after the last call

  @S4 @S6
  Rule: A clean-up leaves nothing to a new session of the same id

    @S4.1
    Example: A clean-up counts two hundred variables
      Given 200 integer variables "v" holding 0 and up
      When the session is cleaned up
      Then 200 resources are cleaned up
      And the session is not open

    @S4.1
    Example: A deleted variable is not counted by a clean-up
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And "a" was deleted
      When the session is cleaned up
      Then 1 resource is cleaned up

    @S4.1
    Example: A watch whose variable was deleted counts in a clean-up, which ends it
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And "x" was deleted
      When the session is cleaned up
      Then 1 resource is cleaned up
      And Ada's watch ends as not found

    @S6.1
    Example: A variable of a new session is not locked by the optimizer of the old one
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the session was cleaned up
      And a float variable "x" holding 0.5
      When "x" is set to 0.6
      Then "x" holds 0.6 at version 2
      And "x" is not locked

    @S6.1
    Example: A new session has no dependencies of the old one
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And the session was cleaned up
      And the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      When a "scaled" dependency of "first" on "second" is added
      Then it is accepted

    @S6.1 @requires_current_service
    Example: A new session has the metadata of its own opening
      Given an open session, with the metadata {"owner": "Ada"}
      And the session was cleaned up
      And an open session, with the metadata {"team": "blue"}
      When the session is described
      Then the description has:
        | metadata         | variables |
        | {"team": "blue"} | 0         |

    @S1 @S1.4 @S6.1 @requires_current_service
    Example: A new session has the time of its own opening
      Given an open session
      And the description of the session was noted
      And the session was cleaned up
      And in session "blue", an open session
      And in session "blue", repeatedly for 1.1 s, the variables are listed
      When the session is opened
      Then the session was opened after the one whose description was noted

    @S6.1 @S1 @S1.4 @requires_current_service
    Example: A new session that a registration has opened has no metadata of the old one
      Given an open session, with the metadata {"owner": "Ada"}
      And the session was cleaned up
      And a float variable "x" holding 0.5
      When the session is described
      Then the description has no metadata

    @S4.1
    Example: A watch of the old session does not continue in the new one
      Given a float variable "x" holding 0.5
      And Ada watches every variable
      And the session was cleaned up
      When "x" is registered as a float holding 0.5
      Then Ada's watch ends as not found
      And "x" holds 0.5 at version 1

    @S6.1
    Example: A variable of a new session has no versions of the old one
      Given an integer variable "x" holding 1
      And "x" was incremented 3 times
      And the session was cleaned up
      And an integer variable "x" holding 9
      When "x" is rolled back to version 2
      Then it is refused as out of range
      And the history of "x" is:
        | version | value |
        | 1       | 9     |

  @S3 @S7 @S7.1
  Rule: Any character counts as one in a session's id

    Scenario Outline: A session's id may have 256 characters <character>
      When a session is opened whose id is a text of 256 characters <character>
      Then it is accepted

      Examples:
        | character |
        | "é"       |
        | "🚀"       |

    Scenario Outline: A session's id of 257 characters <character> is refused
      When a session is opened whose id is a text of 257 characters <character>
      Then it is refused as invalid

      Examples:
        | character |
        | "é"       |
        | "🚀"       |
        | "\u0301"  |

    Scenario Outline: The session id <id>, which has a control character beyond ASCII, is refused
      When a session is opened whose id is <id>
      Then it is refused as invalid

      Examples:
        | id               |
        | "next\u0085line" |
        | "csi\u009b"      |

    @S3.1
    Scenario Outline: The session ids <name> and <other> are different
      Given a session was opened whose id is <name>
      And a session was opened whose id is <other>
      And in session <name>, a float variable "x" holding 1
      And in session <other>, a float variable "x" holding 2
      When in session <other>, "x" is set to 3
      Then in session <name>, "x" still holds 1.0 at version 1
      And in session <other>, "x" holds 3.0 at version 2

      Examples:
        | name      | other           |
        | "judge é" | "judge e\u0301" |
        | "judge x" | "Judge x"       |
        | "judge x" | "judge x "      |
        | "judge x" | "judge x/"      |
