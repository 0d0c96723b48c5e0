@security @requires_process
Feature: TLS
  A bridge that is given a certificate and its key speaks TLS, and nothing else. Where it is given an
  authority besides, clients need a certificate that this authority has signed.

  @P3
  Rule: A bridge with a certificate speaks TLS alone

    Example: Whoever trusts its authority is answered
      Given a bridge with a certificate
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.75
      Then Ada receives:
        | update       | variable | value |
        | value change | x        | 0.75  |
      And "x" holds 0.75 at version 2

    Example: A call in the clear does not reach it
      Given a bridge with a certificate
      And a float variable "x" holding 0.5
      When in the clear, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

    Example: Its certificate is of the authority that it was given
      Given a bridge with a certificate
      And a float variable "x" holding 0.5
      When trusting another authority, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

  @P3
  Rule: A bridge that asks clients for a certificate lets in those of its authority alone

    Example: A certificate of that authority
      Given a bridge with a certificate, which asks clients for one of the same authority
      And a float variable "x" holding 0.5
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Scenario Outline: <what>
      Given a bridge with a certificate, which asks clients for one of the same authority
      And a float variable "x" holding 0.5
      When <what>, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

      Examples:
        | what                                    |
        | without a certificate                   |
        | with a certificate of another authority |
        | in the clear                            |

  @P3
  Rule: With TLS and tokens, a bridge can be called from other machines

    Example: It answers whoever has the token, over TLS
      Given a bridge with a certificate and the token "correct-horse-battery-staple", which listens on every address
      When a client works with it
      Then it answers at each address of this machine

    Example: A token is needed over TLS, too
      Given a bridge with a certificate and the token "correct-horse-battery-staple", which listens on every address
      And a float variable "x" holding 0.5
      When without a token, "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    Example: A token is no good in the clear
      Given a bridge with a certificate and the token "correct-horse-battery-staple", which listens on every address
      And a float variable "x" holding 0.5
      When in the clear, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1
