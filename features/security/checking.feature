@security @requires_process @requires_operator_flags
Feature: Checking a start with --check
  Operators check new flags and files before they restart a bridge. With --check, a bridge examines all that a
  start needs, but serves nothing and changes nothing.

  @P2
  Rule: With --check a bridge reports whether it could start, and ends

    Example: A check of a bridge that can start succeeds
      When a bridge is started with the flags "--check"
      Then it confirms in one line on stdout, and ends with exit code 0

    Scenario Outline: A check fails with <flags>
      When a bridge is started with the flags "--check <flags>"
      Then it says why not on stderr, and ends with exit code 1

      Examples:
        | flags                                |
        | --token-file no/such/file            |
        | --tls-cert no/file --tls-key no/file |
        | --tools no_such_module               |
        | --data-dir /dev/null/nowhere         |

      @requires_plain_text
      Examples: without TLS and tokens
        | flags          |
        | --host 0.0.0.0 |

    Example: A check fails with the port of another bridge
      Given a new bridge
      When a bridge is started with the flags "--check" and the same port
      Then it says why not on stderr, and ends with exit code 1
      And the first bridge answers a call

    @requires_durable
    Example: A check fails with the data directory of another bridge
      Given a new bridge with a data directory
      And a float variable "x" holding 0.5
      When a bridge is started with the flags "--check" and the same data directory
      Then it says why not on stderr, and ends with exit code 1
      And "x" still holds 0.5 at version 1
