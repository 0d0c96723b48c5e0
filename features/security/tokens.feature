@security @requires_process
Feature: Tokens
  A bridge with a token file answers only calls with the header "authorization: Bearer TOKEN" and a token of
  that file. Other clients change nothing and learn nothing.

  @P3 @P3.2
  Rule: A call with a token of the file is answered

    Scenario Outline: The token <token> of three is accepted
      Given a bridge with the tokens "first-token-of-the-file", "second-token-of-the-file" and "third-token/of+the.file=="
      And a float variable "x" holding 0.5
      When with the token "<token>", "x" is set to 0.75
      Then "x" holds 0.75 at version 2

      Examples:
        | token                     |
        | first-token-of-the-file   |
        | second-token-of-the-file  |
        | third-token/of+the.file== |

    Example: A watch with a valid token receives updates
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      And with the token "correct-horse-battery-staple", Ada watches "x"
      When "x" is set to 0.75
      Then Ada receives:
        | update       | variable | value |
        | value change | x        | 0.75  |
      And Ada receives nothing else

    @requires_standard_tools
    Example: A streaming tool runs with a valid token
      Given a bridge with the token "correct-horse-battery-staple"
      And an open session
      When with the token "correct-horse-battery-staple", the tool "count" streams with {"n": 2}
      Then the chunks are [1, 2]

  @P3 @P3.2
  Rule: A call without a valid token is refused, and changes nothing

    Scenario Outline: A call without a token is refused: <what>
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, <what>
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

      Examples:
        | what                                                |
        | "x" is read                                         |
        | "x" is set to 0.75                                  |
        | "x" is rolled back to version 1                     |
        | "x" is deleted                                      |
        | "x" is registered as a float holding 1              |
        | the variables are listed                            |
        | the newest 0 entries in the history of "x" are read |
        | the tool "echo" runs                                |
        | the tool "count" streams                            |
        | the session is cleaned up                           |
        | the bridge is pinged                                |
        | an empty atomic batch is set                        |
        | "x" and "y" are read in one call                    |
        | a "follows" dependency of "x" on "x" is added       |
        | the optimizer "mipro" locks "x"                     |
        | the optimizer "mipro" releases "x" by force         |

    @requires_current_service
    Scenario Outline: A session call without a token is refused: <what>
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, <what>
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

      Examples:
        | what                              |
        | a heartbeat is sent               |
        | the session is described          |
        | 2 tools "t" are registered        |
        | the registered tools are listed   |
        | the registered tool "echo" runs   |

    @requires_current_service @requires_older_service
    Example: A call of the older service name without a token is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, under the older service name, "x" is deleted
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    @requires_current_service @requires_older_service
    Example: A watch of the older service name without a token is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, under the older service name, Ada watches "x"
      Then Ada's watch ends as unauthenticated

    Example: A client without a token opens no session
      Given a bridge with the token "correct-horse-battery-staple"
      And an open session
      When without a token, in session "fresh", the session is opened
      Then it is refused as unauthenticated
      And in session "fresh", the session is not open

    Example: A watch without a token is refused, and receives nothing
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, Ada watches "x", with initial values
      Then Ada's watch ends as unauthenticated
      And Ada has received nothing

    Scenario Outline: The token <token>, which is <what>, is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When with the token "<token>", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

      Examples:
        | token                         | what                 |
        | another-token-of-somebody     | not in the file      |
        | correct-horse-battery-stapl   | shorter by one       |
        | correct-horse-battery-staple1 | longer by one        |
        | correct-horse-battery-staplf  | different at its end |
        | Correct-Horse-Battery-Staple  | in another case      |

    Scenario Outline: The header authorization: <header> is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When with the header "<header>", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

      Examples:
        | header                                   |
        | Basic correct-horse-battery-staple       |
        | correct-horse-battery-staple             |
        | Bearer                                   |
        | Bearer correct-horse-battery-staple more |

    Example: A watch with a token that is not in the file is refused, and receives nothing
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When with the token "another-token-of-somebody", Ada watches "x", with initial values
      Then Ada's watch ends as unauthenticated
      And Ada has received nothing

    @requires_current_service @requires_older_service
    Example: A call of the older service name with a token that is not in the file is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When with the token "another-token-of-somebody", under the older service name, "x" is deleted
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: A token that differs from one of eighty characters in the last is refused
      Given a bridge with the token "the-first-forty-characters-of-this-token-and-the-second-forty-characters-of-it-1"
      And a float variable "x" holding 0.5
      When with the token "the-first-forty-characters-of-this-token-and-the-second-forty-characters-of-it-2", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: An empty token is refused
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When with the header "Bearer ", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: A set without a token sends no update to watches
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When without a token, "x" is set to 0.75
      Then it is refused as unauthenticated
      And Ada receives nothing else

    Example: A call without a token is refused after one with a token on the same connection
      Given a bridge with the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, on the same connection, "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: A token file without a token admits no one
      When a bridge is started with the flags "--token-file /dev/null"
      Then it ends with an error within 5 s, or refuses calls without a token
