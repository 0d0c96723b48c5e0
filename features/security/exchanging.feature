@security @requires_process @requires_scoped_tokens
Feature: Replacing tokens and certificates
  Operators admit and exclude clients while a bridge runs, without a restart. A file with an error changes nothing.

  @P3 @P3.2
  Rule: The token file is reloaded when it has changed

    Example: A token that was added to the file is accepted
      Given a new bridge with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And the token file was replaced with "everything-for-the-owner" and "everything-for-the-newcomer"
      When with the token "everything-for-the-newcomer", "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Example: A token that was removed from the file is refused
      Given a new bridge with the tokens "everything-for-the-owner" and "everything-for-somebody"
      And a float variable "x" holding 0.5
      And the token file was replaced with "everything-for-the-owner"
      When with the token "everything-for-somebody", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Scenario Outline: The old tokens stay valid if the new file has the line "<line>"
      Given a new bridge with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And the token file was replaced with "<line>"
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

      Examples:
        | line                              |
        | short                             |
        | everything-for-the-newcomer write |
        | # nobody at all                   |

    Example: No token of a file with an error is accepted
      Given a new bridge with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And the token file was replaced with "everything-for-the-newcomer" and "short"
      When with the token "everything-for-the-newcomer", "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: The old tokens stay valid if the file is deleted
      Given a new bridge with the token "everything-for-the-owner"
      And a float variable "x" holding 0.5
      And the token file was deleted
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Scenario Outline: A bridge does not start with the token line "<line>", and does not print it
      When a bridge is started with the token "<line>"
      Then it ends with an error within 5 s, and says why on stderr
      And the bridge's output does not contain "secret"

      Examples:
        | line                             |
        | a-secret                         |
        | a-secret-that-may-do what-secret |
        | a-secret-that-may-do sessions=   |

  @P3
  Rule: The certificate is reloaded on SIGHUP

    @P3.3
    Example: New connections get the reloaded certificate
      Given a new bridge with TLS
      And a float variable "x" holding 0.5
      And the certificate was replaced with one of another authority, and reloaded on SIGHUP
      When trusting another authority, "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    @P3.3
    Example: No new connection gets the replaced certificate
      Given a new bridge with TLS
      And a float variable "x" holding 0.5
      And the certificate was replaced with one of another authority, and reloaded on SIGHUP
      When on a new connection, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

    @P3.3
    Example: The old certificate stays in use if the new one is damaged
      Given a new bridge with TLS
      And a float variable "x" holding 0.5
      And the certificate was replaced with a damaged one, and reported on SIGHUP
      When on a new connection, "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Example: SIGHUP does not end a bridge without a certificate
      Given a new bridge
      And the bridge received SIGHUP
      When the bridge receives SIGTERM
      Then the bridge ends with exit code 0
