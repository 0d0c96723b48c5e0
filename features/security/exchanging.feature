@security @requires_process @requires_scoped_tokens
Feature: Tokens and certificates are exchanged while the bridge runs
  Nobody has to start a bridge again to let somebody in, or to keep somebody out. A file that is no good
  changes nothing.

  @P3
  Rule: The token file is read again when it has changed

    Example: A token that is new
      Given a bridge of its own with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And its tokens were exchanged for "everything-for-the-owner" and "everything-for-the-newcomer"
      When with the token "everything-for-the-newcomer", "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Example: A token that was taken out
      Given a bridge of its own with the tokens "everything-for-the-owner" and "everything-for-somebody"
      And a float variable "x" holding 0.5
      And its tokens were exchanged for "everything-for-the-owner"
      When with the token "everything-for-somebody", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Scenario Outline: The old tokens go on where the new file has the line "<line>"
      Given a bridge of its own with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And its tokens were exchanged for "<line>"
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

      Examples:
        | line                              |
        | short                             |
        | everything-for-the-newcomer write |
        | # nobody at all                   |

    Example: No token of a file that is no good is taken
      Given a bridge of its own with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And its tokens were exchanged for "everything-for-the-newcomer" and "short"
      When with the token "everything-for-the-newcomer", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: The old tokens go on where the file is gone
      Given a bridge of its own with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And its token file was taken away
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Scenario Outline: A bridge does not start with the line "<line>", and does not tell it
      When a bridge is started with a token file of the line "<line>"
      Then it ends with an error within 5 s, and says why on stderr
      And nothing that it wrote has "secret"

      Examples:
        | line                             |
        | a-secret                         |
        | a-secret-that-may-do what-secret |
        | a-secret-that-may-do sessions=   |

  @P3
  Rule: The certificate is read again on SIGHUP

    Example: New connections get the new one
      Given a bridge of its own with a certificate
      And a float variable "x" holding 0.5
      And its certificate was exchanged for one of another authority, and it got SIGHUP
      When trusting another authority, "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Example: No new connection gets the old one
      Given a bridge of its own with a certificate
      And a float variable "x" holding 0.5
      And its certificate was exchanged for one of another authority, and it got SIGHUP
      When on a new connection, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

    Example: The old one goes on where the new one is none
      Given a bridge of its own with a certificate
      And a float variable "x" holding 0.5
      And its certificate was spoilt, and it said so when it got SIGHUP
      When on a new connection, "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Example: A bridge without a certificate is not ended by it
      Given a bridge that has just started
      And it got SIGHUP
      When the bridge is told to end by SIGTERM
      Then the bridge ends with exit code 0
