@security @requires_process
Feature: What a bridge tells those who run it
  Logs and metrics say how a bridge is used. They tell no token, no value, and metrics not even a name.

  @P3
  Rule: The log tells of calls where that is asked for, and of no token and no value

    @requires_operator_flags
    Example: Each call is logged
      Given a bridge of its own, started with "--log-calls all"
      And a string variable "salary" holding "ninety-thousand"
      When "pension" is read
      Then it is refused as not found
      And a line of what it wrote has "RegisterVariable" and "OK"
      And a line of what it wrote has "GetVariable" and "NOT_FOUND"
      And nothing that it wrote has "ninety-thousand"

    @requires_operator_flags
    Example: No token is logged, whether it is good or not
      Given a bridge of its own with the token "correct-horse-battery-staple", started with "--log-calls all --log-level debug"
      And a float variable "x" holding 0.5
      When with the token "another-token-of-somebody", "x" is set to 0.75
      Then it is refused as unauthenticated
      And a line of what it wrote has "RegisterVariable" and "OK"
      And nothing that it wrote has "correct-horse" and "another-token"

    @requires_operator_flags
    Example: Those that failed alone
      Given a bridge of its own, started with "--log-calls failed"
      And a float variable "x" holding 0.5
      When "pension" is read
      Then it is refused as not found
      And a line of what it wrote has "GetVariable" and "NOT_FOUND"
      And nothing that it wrote has "RegisterVariable"

    @requires_operator_flags
    Example: None unless it is asked for
      Given a bridge that has just started
      And a float variable "x" holding 0.5
      When "pension" is read
      Then it is refused as not found
      And nothing that it wrote has "RegisterVariable" and "GetVariable"

    @requires_observe
    Example: For machines, with session, status and time
      Given a bridge of its own, started with "--log-calls all --log-format json"
      And a float variable "x" holding 0.5
      And Ada watches "x"
      And Ada disconnected
      When "pension" is read
      Then it is refused as not found
      And its log has these calls within 5 s:
        | call             | status    |
        | RegisterVariable | OK        |
        | WatchVariables   | CANCELLED |
        | GetVariable      | NOT_FOUND |

  @S3 @requires_observe
  Rule: Metrics count, and tell no name that a client has chosen

    Example: Calls by method and status, and what is there
      Given a bridge that serves its metrics
      And a float variable "salary" holding 0.5
      And Ada watches "salary"
      When "pension" is read
      Then it is refused as not found
      And its metrics tell within 5 s:
        | name                                                        | number |
        | bridge_calls_total{method="RegisterVariable",status="OK"}   | 1      |
        | bridge_calls_total{method="GetVariable",status="NOT_FOUND"} | 1      |
        | bridge_call_seconds_count{method="GetVariable"}             | 1      |
        | bridge_sessions                                             | 1      |
        | bridge_variables                                            | 1      |
        | bridge_watches                                              | 1      |
        | bridge_calls_running                                        | 1      |
      And its metrics have neither "salary" and "pension" nor the id of the session

  @P3
  Rule: Its health and its interface are told to those who may call

    @requires_operator_flags
    Example: Its health
      Given a bridge with the token "correct-horse-battery-staple"
      When its health is asked for
      Then it says that it is serving

    @requires_operator_flags
    Example: Its health, without a token
      Given a bridge with the token "correct-horse-battery-staple"
      When without a token, its health is asked for
      Then it is refused as unauthenticated

    @requires_operator_flags
    Example: Its interface is told to nobody unless a flag says so
      Given a bridge that has just started
      When its interface is asked for
      Then it is told to nobody

    @requires_observe
    Example: Its interface, where a flag says so
      Given a bridge of its own with the token "correct-horse-battery-staple", started with "--reflection"
      When its interface is asked for
      Then it names the service "snakepit.bridge.BridgeService"

    @requires_observe
    Example: Its interface, where a flag says so, without a token
      Given a bridge of its own with the token "correct-horse-battery-staple", started with "--reflection"
      When without a token, its interface is asked for
      Then it is refused as unauthenticated

  @P4 @requires_operator_flags
  Rule: A bridge that ends says so to whoever asks for its health, so that a load balancer goes elsewhere

    @requires_standard_tools
    Example: While a call that is under way has its time
      Given a bridge of its own, started with "--grace 60"
      And an open session
      And the tool "sleep" is running for 60 s
      And the bridge was told to end by SIGTERM, and refuses new calls
      When its health is asked for
      Then it says that it is not serving
