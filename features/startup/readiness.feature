@startup @requires_process
Feature: Starting
  A bridge is a process that others start and wait for. It says that it is ready in one line, when it is
  true, and says why when it cannot be.

  @P1
  Rule: One line on stdout says that the bridge is ready, when it is

    Example: A client can call the moment that it is said
      When a bridge is started
      Then a connection to the port that it names is answered at once
      And it answers a call at once

    Example: It is the only line on stdout
      Given a bridge that has just started
      When a client works with it
      Then it answers a call at once
      And its stdout is one line, GRPC_READY with its port

    Example: Two bridges take two ports
      Given a bridge that has just started
      When another bridge is started
      Then the two have different ports, and both answer

  @P2
  Rule: A bridge that cannot start says why

    Example: The port is taken
      When a bridge is started on a port that is taken
      Then it ends with an error within 5 s, and says why on stderr

    Example: The port of another bridge
      Given a bridge that has just started
      When another bridge is started on the same port
      Then it ends with an error within 5 s, and says why on stderr
      And the first bridge still answers

    Scenario Outline: The flag <flag>
      When a bridge is started with the flag "<flag>"
      Then it ends with an error within 5 s, and says why on stderr

      Examples:
        | flag                  |
        | --no-such-flag-at-all |
        | --session-ttl=soon    |

  @P3
  Rule: A bridge listens on loopback, and refuses to listen elsewhere unprotected

    Example: Nobody on another machine can reach it
      Given a bridge that has just started
      When a client works with it
      Then it answers at no address but loopback

    Example: Every address, without TLS and without tokens
      When a bridge is started with the flags "--host 0.0.0.0"
      Then it ends with an error within 5 s, and says why on stderr

    Example: Every address, with tokens and without TLS
      When a bridge is started with the flags "--host 0.0.0.0" and a token file
      Then it ends with an error within 5 s, and says why on stderr

    Example: Every address, with TLS and without tokens
      When a bridge is started with the flags "--host 0.0.0.0" and a certificate
      Then it ends with an error within 5 s, and says why on stderr

  @P4
  Rule: A bridge that is told to end ends cleanly

    Scenario Outline: <signal>
      Given a bridge that has just started
      When the bridge is told to end by <signal>
      Then the bridge ends with exit code 0
      And nothing answers at its port

      Examples:
        | signal  |
        | SIGTERM |
        | SIGINT  |

    Example: Watches end at once
      Given a bridge that has just started
      And a float variable "x" holding 0.5
      And Ada watches "x"
      When the bridge is told to end by SIGTERM
      Then Ada's watch ends as unavailable
      And the bridge ends with exit code 0

    @requires_standard_tools
    Example: A call that is under way is finished, and new ones are refused
      Given a bridge that has just started
      And an open session
      And the tool "sleep" is running for 2 s
      When the bridge is told to end by SIGTERM
      Then new calls are refused as unavailable, while the tool still runs
      And the running tool succeeds
      And the bridge ends with exit code 0

    @requires_standard_tools
    Example: A call that takes longer than the grace is cut
      Given a bridge of its own, started with "--grace 0.3"
      And an open session
      And the tool "sleep" is running for 60 s
      When the bridge is told to end by SIGTERM
      Then the running tool is refused as unavailable
      And the bridge ends with exit code 0

    @requires_standard_tools
    Example: Unless it is told otherwise, calls have 5 s
      Given a bridge that has just started
      And an open session
      And the tool "sleep" is running for 9 s
      When the bridge is told to end by SIGTERM
      Then the running tool is refused as unavailable
      And the bridge ends with exit code 0

    @requires_standard_tools
    Example: A second signal ends it now
      Given a bridge of its own, started with "--grace 60"
      And an open session
      And the tool "sleep" is running for 60 s
      And the bridge was told to end by SIGTERM, and refuses new calls
      When the bridge is told to end by SIGTERM
      Then the bridge ends within 5 s

    @requires_standard_tools
    Example: Nothing is left behind
      Given a bridge that has just started
      And an open session
      And the tool "block" ran with {"seconds": 0.05}
      And the processes that the bridge has started are noted
      When the bridge is told to end by SIGTERM
      Then the bridge ends with exit code 0
      And none of these processes is there within 5 s

    Example: It ends when the process that started it is gone
      Given a bridge that a process of its own has started
      When that process is killed
      Then nothing answers at the bridge's port within 5 s
