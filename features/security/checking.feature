@security @requires_process @requires_operator_flags
Feature: Asking whether a bridge could serve
  Before an operator starts a bridge anew, with other flags or other files, --check says whether it could
  serve so. It looks at everything that a start looks at, serves nothing, and changes nothing.

  @P2
  Rule: With --check a bridge says whether it could serve, and ends

    Example: It could
      When a bridge is asked whether it could serve
      Then it says in one line that it could, and ends with exit code 0

    Scenario Outline: It could not with <flags>
      When a bridge is asked whether it could serve with "<flags>"
      Then it says why not on stderr, and ends with exit code 1

      Examples:
        | flags                                |
        | --host 0.0.0.0                       |
        | --token-file no/such/file            |
        | --tls-cert no/file --tls-key no/file |
        | --tools no_such_module               |
        | --data-dir /dev/null/nowhere         |

    Example: It could not at the port of another
      Given a bridge that has just started
      When a bridge is asked whether it could serve at the same port
      Then it says why not on stderr, and ends with exit code 1
      And the first bridge still answers

    @requires_durable
    Example: It could not with the data directory of another
      Given a bridge with a data directory
      And a float variable "x" holding 0.5
      When a bridge is asked whether it could serve with the same data directory
      Then it says why not on stderr, and ends with exit code 1
      And "x" still holds 0.5 at version 1
