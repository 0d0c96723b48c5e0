@security @requires_process
Feature: Logs, metrics and health for operators
  Logs and metrics show operators how a bridge is used. They contain neither tokens nor values, and metrics
  contain no names.

  @P3
  Rule: Calls are logged on request, without tokens and values

    @requires_operator_flags
    Example: Each call is logged with its status, without values
      Given a new bridge with the flags "--log-calls all"
      And a string variable "salary" holding "ninety-thousand"
      When "pension" is read
      Then it is refused as not found
      And a line of the bridge's output contains "RegisterVariable" and "OK"
      And a line of the bridge's output contains "GetVariable" and "NOT_FOUND"
      And the bridge's output does not contain "ninety-thousand"

    @requires_operator_flags
    Example: No token is logged, whether it is valid or not
      Given a new bridge with the token "correct-horse-battery-staple" and the flags "--log-calls all --log-level debug"
      And a float variable "x" holding 0.5
      When with the token "another-token-of-somebody", "x" is set to 0.75
      Then it is refused as unauthenticated
      And a line of the bridge's output contains "RegisterVariable" and "OK"
      And the bridge's output does not contain "correct-horse" or "another-token"

    @requires_operator_flags
    Example: Only failed calls are logged with --log-calls failed
      Given a new bridge with the flags "--log-calls failed"
      And a float variable "x" holding 0.5
      When "pension" is read
      Then it is refused as not found
      And a line of the bridge's output contains "GetVariable" and "NOT_FOUND"
      And the bridge's output does not contain "RegisterVariable"

    @requires_operator_flags
    Example: No call is logged without --log-calls
      Given a new bridge
      And a float variable "x" holding 0.5
      When "pension" is read
      Then it is refused as not found
      And the bridge's output does not contain "RegisterVariable" or "GetVariable"

    @requires_observe
    Example: Calls are logged as JSON with session, status and duration
      Given a new bridge with the flags "--log-calls all --log-format json"
      And the session was opened
      And a float variable "x" holding 0.5
      And Ada watches "x"
      And Ada disconnected
      When "pension" is read
      Then it is refused as not found
      And within 5 s the log has these calls:
        | call              | status    |
        | InitializeSession | OK        |
        | RegisterVariable  | OK        |
        | WatchVariables    | CANCELLED |
        | GetVariable       | NOT_FOUND |

  @S3 @requires_observe
  Rule: Metrics count calls and objects, and contain no name that a client has chosen

    @requires_plain_text
    Example: Metrics count calls by method and status, and the sessions, variables and watches
      Given a new bridge with metrics
      And a float variable "salary" holding 0.5
      And Ada watches "salary"
      When "pension" is read
      Then it is refused as not found
      And within 5 s the metrics are:
        | name                                                        | number |
        | bridge_calls_total{method="RegisterVariable",status="OK"}   | 1      |
        | bridge_calls_total{method="GetVariable",status="NOT_FOUND"} | 1      |
        | bridge_call_seconds_count{method="GetVariable"}             | 1      |
        | bridge_sessions                                             | 1      |
        | bridge_variables                                            | 1      |
        | bridge_watches                                              | 1      |
        | bridge_calls_running                                        | 1      |
      And the metrics contain neither "salary" and "pension" nor the id of the session

  @P3
  Rule: Health and reflection are available only to clients with a token

    @P3.2 @requires_operator_flags
    Example: The health service answers a client with a token
      Given a bridge with the token "correct-horse-battery-staple"
      When the health service is called
      Then the health status is SERVING

    @P3.2 @requires_operator_flags
    Example: The health service refuses a client without a token
      Given a bridge with the token "correct-horse-battery-staple"
      When without a token, the health service is called
      Then it is refused as unauthenticated

    @requires_operator_flags
    Example: Reflection is off by default
      Given a new bridge
      When the reflection service is called
      Then it is refused as unimplemented

    @requires_observe
    Example: Reflection lists the services with --reflection
      Given a new bridge with the token "correct-horse-battery-staple" and the flags "--reflection"
      When the reflection service is called
      Then the services include "snakepit.bridge.BridgeService"

    @P3.2 @requires_observe
    Example: Reflection refuses a client without a token
      Given a new bridge with the token "correct-horse-battery-staple" and the flags "--reflection"
      When without a token, the reflection service is called
      Then it is refused as unauthenticated

  @P4 @requires_operator_flags
  Rule: A bridge that shuts down reports NOT_SERVING, so that load balancers avoid it

    @requires_standard_tools
    Example: Health is NOT_SERVING while a running call completes
      Given a new bridge with the flags "--grace 60"
      And an open session
      And the tool "sleep" is running for 60 s
      And the bridge received SIGTERM
      And new calls are refused as unavailable
      When the health service is called
      Then the health status is NOT_SERVING
