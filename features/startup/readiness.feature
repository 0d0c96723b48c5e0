@startup @requires_process
Feature: Start and end of a bridge
  Other programs start a bridge as a process, and wait until it is ready. It reports this in one line, and gives a
  reason if it cannot start.

  @P1 @P1.1
  Rule: A bridge prints one line on stdout when it is ready
    The program that started it waits for this line, and learns the port from it.

    @P1.2
    Example: A bridge accepts calls as soon as it reports that it is ready
      When a bridge is started
      Then a connection to the bridge's port is accepted at once
      And the bridge answers a call

    Example: The report that a bridge is ready is the only line on stdout
      Given a new bridge
      When a client uses the bridge
      Then the bridge answers a call
      And stdout is one line, GRPC_READY with the bridge's port

    @requires_durable
    Example: A bridge with a data directory prints one line on stdout
      Given a new bridge with a data directory
      When a client uses the bridge
      Then the bridge answers a call
      And stdout is one line, GRPC_READY with the bridge's port

    @requires_plain_text
    Scenario Outline: A bridge with <protection> prints one line on stdout
      Given a new bridge with <protection>
      When a client uses the bridge
      Then the bridge answers a call
      And stdout is one line, GRPC_READY with the bridge's port

      Examples:
        | protection                           |
        | the token "a-token-of-this-scenario" |
        | TLS                                  |

    @requires_standard_tools
    Example: Tools that fail print nothing on stdout
      Given a new bridge
      And an open session
      And the tool "die" failed 2 times
      And the tool "fail" failed 1 time
      When a client uses the bridge
      Then stdout is one line, GRPC_READY with the bridge's port

    @P1.1 @requires_durable
    Example: A bridge that has recovered a session prints one line on stdout
      Given a new bridge with a data directory
      And a float variable "y" holding 0.5
      And the bridge was killed and restarted
      When a client uses the bridge
      Then the bridge answers a call
      And stdout is one line, GRPC_READY with the bridge's port

  @P1 @P1.3
  Rule: A ping is answered with its own message

    Example: A bridge answers the message of a ping
      Given a bridge
      When the bridge is pinged
      Then it is accepted
      And the bridge answers a call

  @P2 @P2.1
  Rule: A bridge that cannot start says why

    Example: A bridge does not start on a busy port
      When a bridge is started with a busy port
      Then it ends with an error within 5 s, and says why on stderr

    Example: A bridge does not start on the port of another
      Given a new bridge
      When another bridge is started with the same port
      Then it ends with an error within 5 s, and says why on stderr
      And the first bridge answers a call

    Scenario Outline: A bridge does not start with the invalid flag <flag>
      When a bridge is started with the flags "<flag>"
      Then it ends with an error within 5 s, and says why on stderr

      Examples:
        | flag                                             |
        | --no-such-flag-at-all                            |
        | --no-such-flag-at-all=5                          |
        | --port=65536                                     |
        | --port=soon                                      |
        | --port=0soon                                     |
        | --port=-1                                        |
        | --port=                                          |
        | --port=0.5                                       |
        | --tls-ca=/no/such/file                           |
        | --session-ttl=soon                               |
        | --token-file=/no/such/file                       |
        | --token-file=/                                   |
        | --tls-cert=/no/such/file                         |
        | --token-file                                     |
        | --tls-cert=/no/such/file --tls-key=/no/such/file |

  @P8
  Rule: A bridge takes its port from a flag, and refuses flags that it does not take
    Its operator would otherwise believe that a flag has its effect, such as that clients need tokens.

    @P8.1
    Example: Two bridges choose different ports
      Given a new bridge
      When another bridge is started
      Then both bridges answer, on different ports

    @P8.3
    Example: A bridge that refuses an unknown flag names it
      When a bridge is started with the flags "--no-such-flag-at-all"
      Then it ends with an error within 5 s, and says why on stderr
      And a line of the bridge's output contains "no-such-flag-at-all"

  @P3 @P3.1
  Rule: A bridge is reachable from other machines only with TLS and tokens
    Otherwise anyone on the network could read and change everything.

    Example: A bridge is not reachable from other machines by default
      Given a new bridge
      When a client uses the bridge
      Then the bridge is reachable at loopback addresses only

    @requires_plain_text
    Scenario Outline: A bridge listens on a loopback address that a flag names, <address>, without TLS and tokens
      Given a new bridge with the flags "--host <address>"
      When a client uses the bridge
      Then the bridge is reachable at loopback addresses only

      Examples:
        | address   |
        | 127.0.0.1 |
        | localhost |

    @requires_plain_text
    Scenario Outline: A bridge does not listen on every address, <address>, without TLS and tokens
      When a bridge is started with the flags "--host <address>"
      Then it ends with an error within 5 s, and says why on stderr

      Examples:
        | address |
        | 0.0.0.0 |
        | ::      |
        | [::]    |
        | ::0     |
        | 0       |

    @requires_plain_text
    Example: A bridge does not listen on every address with tokens but without TLS
      When a bridge is started with the flags "--host 0.0.0.0" and the token "a-token-of-this-scenario"
      Then it ends with an error within 5 s, and says why on stderr

    @requires_plain_text
    Example: A bridge does not listen on every address with TLS but without tokens
      When a bridge is started with the flags "--host 0.0.0.0" and TLS
      Then it ends with an error within 5 s, and says why on stderr

    @requires_plain_text
    Example: A bridge does not listen on every address with certificates of clients but without tokens
      When a bridge is started with the flags "--host 0.0.0.0" and mutual TLS
      Then it ends with an error within 5 s, and says why on stderr

    @requires_plain_text
    Example: An empty address is not every address
      When a bridge is started with the flags "--host="
      Then it ends with an error within 5 s, or is reachable at loopback addresses only

  @P4
  Rule: A bridge shuts down cleanly
    Calls that are running get a few seconds to complete, so that an update of the bridge interrupts no work.

    @P4.1
    Scenario Outline: A bridge shuts down on <signal>
      Given a new bridge
      When the bridge receives <signal>
      Then the bridge ends with exit code 0
      And nothing listens on the bridge's port

      Examples:
        | signal  |
        | SIGTERM |
        | SIGINT  |

    @P4.1 @P4.3
    Scenario Outline: Watches end at once on <signal>
      Given a new bridge
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the bridge receives <signal>
      Then Ada's watch ends as unavailable within 2 s
      And the bridge ends with exit code 0

      Examples:
        | signal  |
        | SIGTERM |
        | SIGINT  |

    @P4.1 @requires_durable
    Example: A bridge with a data directory shuts down on SIGTERM
      Given a new bridge with a data directory
      And a float variable "x" holding 0.5
      When the bridge receives SIGTERM
      Then the bridge ends with exit code 0

    @P4.3 @requires_standard_tools
    Example: Watches end at once on SIGTERM although a call is running
      Given a new bridge
      And a float variable "x" holding 0.5
      And Ada watches "x"
      And the tool "sleep" is running for 3 s
      When the bridge receives SIGTERM
      Then Ada's watch ends as unavailable within 2 s
      And the running tool succeeds

    @P4.1 @P4.2 @requires_standard_tools
    Scenario Outline: A running call of the tool <tool> completes on <signal>, and new calls are refused
      Given a new bridge
      And a float variable "x" holding 0.5
      And the tool "<tool>" is running for 2 s
      And the bridge received <signal>
      And new calls are refused as unavailable
      When <new call>
      Then it is refused as unavailable
      And the tool is still running
      And the running tool succeeds
      And the bridge ends with exit code 0

      Examples:
        | tool  | signal  | new call                                       |
        | sleep | SIGTERM | "x" is read                                    |
        | sleep | SIGINT  | the tool "echo" runs with {"message": "hello"} |
        | block | SIGTERM | "x" is set to 1                                |

    @P4.2 @requires_plain_text @requires_current_service @requires_standard_tools
    Example: A running call of a tool at another bridge completes on SIGTERM
      Given a new bridge
      And the tool "sleep" of another bridge is registered
      And the tool "sleep" is running for 2 s
      When the bridge receives SIGTERM
      Then new calls are refused as unavailable
      And the tool is still running
      And the running tool succeeds
      And the bridge ends with exit code 0

    @P4.2 @requires_standard_tools
    Example: A running stream continues on SIGTERM
      Given a new bridge
      And an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the bridge receives SIGTERM
      Then new calls are refused as unavailable
      And Ada reads the other chunks up to 1500

    @P4.1 @P4.2 @P4.6 @requires_standard_tools
    Scenario Outline: A call of the tool <tool> that exceeds the grace period ends as unavailable
      Given a new bridge with the flags "--grace 0.3"
      And an open session
      And the tool "<tool>" is running for 60 s
      When the bridge receives SIGTERM
      Then the running tool is refused as unavailable
      And the bridge ends with exit code 0
      And the bridge's child processes end within 5 s

      Examples:
        | tool  |
        | sleep |
        | block |

    @P4.2 @requires_standard_tools
    Example: The grace period is 5 s by default
      Given a new bridge
      And an open session
      And the tool "sleep" is running for 9 s
      When the bridge receives SIGTERM
      Then the running tool is refused as unavailable
      And the bridge ends with exit code 0

    @P4.4 @P4.6 @requires_standard_tools
    Example: A second SIGTERM ends a bridge before its usual grace period is over
      Given a new bridge
      And an open session
      And the tool "block" is running for 60 s
      And the bridge received SIGTERM
      And new calls are refused as unavailable
      When the bridge receives SIGTERM
      Then the bridge ends within 4 s
      And the bridge's child processes end within 5 s

    @P4.4 @P4.1 @requires_standard_tools
    Scenario Outline: <second> after <first> ends a bridge within its grace period
      Given a new bridge with the flags "--grace 60"
      And an open session
      And the tool "sleep" is running for 60 s
      And the bridge received <first>
      And new calls are refused as unavailable
      When the bridge receives <second>
      Then the bridge ends within 5 s

      Examples:
        | first   | second  |
        | SIGTERM | SIGTERM |
        | SIGINT  | SIGTERM |
        | SIGTERM | SIGINT  |
        | SIGINT  | SIGINT  |

    @P4.6 @requires_standard_tools
    Example: A bridge leaves no processes behind
      Given a new bridge
      And an open session
      And the tool "block" ran with {"seconds": 0.05}
      When the bridge receives SIGTERM
      Then the bridge ends with exit code 0
      And the bridge's child processes end within 5 s

    @P4.5
    Example: A bridge ends when the process that started it is killed
      Given a bridge that another process started
      And an open session
      When the bridge's parent process is killed
      Then nothing listens on the bridge's port

    @P4.5
    Example: A bridge ends when the process that starts it ends before the bridge is ready
      When the process that starts a bridge ends before the bridge is ready
      Then the bridge that it started ends within 15 s

    @P4.1 @P4.2 @P4.6 @requires_standard_tools
    Example: A bridge ends although a client does not read a stream
      Given a new bridge with the flags "--grace 0.3"
      And an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the bridge receives SIGTERM
      Then the bridge ends with exit code 0
      And the bridge's child processes end within 5 s

    @P4.2 @requires_standard_tools
    Example: A stream that exceeds the grace period ends as unavailable
      Given a new bridge with the flags "--grace 0.3"
      And an open session
      And Ada read 2 chunks of the tool "count" with {"n": 1000000000}
      When the bridge receives SIGTERM
      Then Ada's stream ends as unavailable within 5 s
      And the bridge ends with exit code 0

    @P4.1 @P4.3
    Example: A bridge ends although the reader of a watch has stalled
      Given a new bridge
      And a string variable "x" holding "short"
      And Ben watches "x", through a proxy
      And Ben's connection was stalled
      And "x" was set to 200 long texts in turn
      When the bridge receives SIGTERM
      Then the bridge ends with exit code 0

    @P4.3 @P4.5
    Example: A bridge with an open watch ends when the process that started it is killed
      Given a bridge that another process started
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the bridge's parent process is killed
      Then Ada's watch ends as unavailable
      And nothing listens on the bridge's port
