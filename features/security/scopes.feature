@security @requires_process @requires_scoped_tokens
Feature: Tokens with a limited scope
  A scope after a token limits it: "read" to reading, and "sessions=" to sessions whose ids begin with a prefix.
  Here, the ids of the sessions "blue" and "green" begin with judge-blue- and judge-green-.

  Background:
    Given a bridge with the tokens "everything-for-the-owner", "reading-for-the-dashboard read" and "changes-for-the-blue-team sessions=judge-blue-"
    And in session "blue", a float variable "x" holding 0.5
    And in session "green", a float variable "x" holding 0.5

  @P3 @P3.2
  Rule: A token for reading permits no change

    Example: A token for reading lists variables
      When in session "blue", with the token "reading-for-the-dashboard", the variables are listed
      Then in session "blue", the names listed are "x"

    Example: A token for reading watches variables
      Given in session "blue", with the token "reading-for-the-dashboard", Ada watches "x"
      When in session "blue", "x" is set to 0.75
      Then Ada receives:
        | update       | variable | value |
        | value change | x        | 0.75  |

    Scenario Outline: A token for reading is not permitted a change: <what>
      When in session "blue", with the token "reading-for-the-dashboard", <what>
      Then it is refused as not permitted
      And in session "blue", "x" still holds 0.5 at version 1

      Examples:
        | what                                                       |
        | "x" is set to 0.75                                         |
        | "x" is rolled back to version 1                            |
        | "x" is deleted                                             |
        | "y" is registered as a float holding 1                     |
        | the 2 variables "v" are set in an atomic batch to 5 and up |
        | the optimizer "mipro" locks "x"                            |
        | the optimizer "mipro" releases "x" by force                |
        | a "follows" dependency of "x" on "x" is added              |
        | the tool "echo" runs                                       |
        | the tool "count" streams                                   |
        | the session is cleaned up                                  |

    @requires_current_service
    Example: A token for reading registers no tools
      When in session "blue", with the token "reading-for-the-dashboard", 2 tools "t" are registered
      Then it is refused as not permitted
      And in session "blue", no tools are registered

    Scenario Outline: A token for reading opens no session: <what>
      When in session "fresh", with the token "reading-for-the-dashboard", <what>
      Then it is refused as not permitted
      And in session "fresh", the session is not open

      Examples:
        | what                     |
        | the session is opened    |
        | the variables are listed |

  @P3 @P3.2
  Rule: A token for some sessions permits nothing in others

    Example: A token for some sessions sets variables in one of them
      When in session "blue", with the token "changes-for-the-blue-team", "x" is set to 0.75
      Then in session "blue", "x" holds 0.75 at version 2

    Scenario Outline: A token for some sessions is not permitted a call in another: <what>
      When in session "green", with the token "changes-for-the-blue-team", <what>
      Then it is refused as not permitted
      And in session "green", "x" still holds 0.5 at version 1

      Examples:
        | what                                   |
        | "x" is read                            |
        | "x" is set to 0.75                     |
        | "y" is registered as a float holding 1 |
        | the variables are listed               |
        | the tool "count" streams               |
        | the session is cleaned up              |

    Example: A token for some sessions watches nothing in another
      When in session "green", with the token "changes-for-the-blue-team", Ada watches "x"
      Then Ada's watch ends as not permitted
      And Ada has received nothing

    Example: A token for some sessions does not reveal whether another exists
      When in session "grey", with the token "changes-for-the-blue-team", "x" is read
      Then it is refused as not permitted
