@security @requires_process
Feature: TLS
  A bridge with a certificate and a key accepts only TLS connections. With mutual TLS, clients need a certificate
  of the bridge's authority as well.

  @P3 @P3.3
  Rule: A bridge with TLS accepts only TLS connections

    Example: A client that trusts the bridge's authority gets answers
      Given a bridge with TLS
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to 0.75
      Then Ada receives:
        | update       | variable | value |
        | value change | x        | 0.75  |
      And "x" holds 0.75 at version 2

    Example: A client without TLS cannot connect to a bridge with TLS
      Given a bridge with TLS
      And a float variable "x" holding 0.5
      When without TLS, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

    Example: A client that trusts another authority cannot connect
      Given a bridge with TLS
      And a float variable "x" holding 0.5
      When trusting another authority, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

  @P3 @P3.4
  Rule: A bridge with mutual TLS accepts only clients with a certificate of its authority

    Example: Mutual TLS admits a client with a certificate of the bridge's authority
      Given a bridge with mutual TLS
      And a float variable "x" holding 0.5
      When "x" is set to 0.75
      Then "x" holds 0.75 at version 2

    Scenario Outline: Mutual TLS excludes a client <what>
      Given a bridge with mutual TLS
      And a float variable "x" holding 0.5
      When <what>, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1

      Examples:
        | what                                    |
        | without a certificate                   |
        | with a certificate of another authority |
        | without TLS                             |

    @P3.2 @P3.4
    Example: A client with a certificate needs a token as well
      Given a bridge with mutual TLS and the token "correct-horse-battery-staple"
      And a float variable "x" holding 0.5
      When without a token, "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

  @P3
  Rule: With TLS and tokens, a bridge can be called from other machines

    @P3.1
    Example: A bridge with TLS and tokens answers at every address
      Given a bridge with TLS, the token "correct-horse-battery-staple" and the flags "--host 0.0.0.0"
      When a client uses the bridge
      Then the bridge is reachable at every address of this machine

    @P3.2
    Example: A call over TLS needs a token as well
      Given a bridge with TLS, the token "correct-horse-battery-staple" and the flags "--host 0.0.0.0"
      And a float variable "x" holding 0.5
      When without a token, "x" is set to 0.75
      Then it is refused as unauthenticated
      And "x" still holds 0.5 at version 1

    @P3.3
    Example: A call with a token needs TLS as well
      Given a bridge with TLS, the token "correct-horse-battery-staple" and the flags "--host 0.0.0.0"
      And a float variable "x" holding 0.5
      When without TLS, "x" is set to 0.75
      Then no connection is made
      And "x" still holds 0.5 at version 1
