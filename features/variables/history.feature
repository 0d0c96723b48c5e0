@variables
Feature: History and rollback
  Every accepted change is kept for a while: what it was, when, and who made it. An old value can be
  brought back.

  @A11
  Rule: Every accepted change has an entry, newest first

    Example: A registration and two sets
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is set to 0.3
      Then the history of "x" is:
        | version | value |
        | 3       | 0.3   |
        | 2       | 0.2   |
        | 1       | 0.1   |

    Example: A refused set has none
      Given a float variable "x" holding 0.1
      When "x" is set to true
      Then it is refused as invalid, saying "must be a number"
      And the history of "x" is:
        | version | value |
        | 1       | 0.1   |

    Example: Arrays of bytes are kept too
      Given a tensor variable "x" holding float32 array [0.5, 1.5]
      When "x" is set to float64 array [2.5]
      Then the history of "x" is:
        | version | value                    |
        | 2       | float64 array [2.5]      |
        | 1       | float32 array [0.5, 1.5] |

    Scenario Outline: The newest <limit>
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is set to 3
      Then the newest <limit> in the history of "x" are <versions>

      Examples:
        | limit | versions  |
        | 1     | [3]       |
        | 2     | [3, 2]    |
        | 3     | [3, 2, 1] |
        | 9     | [3, 2, 1] |
        | 0     | [3, 2, 1] |

    Example: A negative limit
      Given a float variable "x" holding 0.1
      When the newest -1 in the history of "x" are asked for
      Then it is refused as invalid
      And "x" still holds 0.1 at version 1

    Example: The newest 100 are kept
      Given an integer variable "x" holding 1
      When "x" is set 149 times, each time to its next version
      Then the history of "x" has the versions 150 down to 51

    @requires_process
    Example: Another number is kept where the bridge was told so
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      When "x" goes through [2, 3, 4, 5]
      Then the history of "x" is:
        | version | value |
        | 5       | 5     |
        | 4       | 4     |
        | 3       | 3     |

  @A11
  Rule: An entry tells who made the change

    Example: A client
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

    Example: Someone named in the metadata
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata:
        | changed_by |
        | Ada        |
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | Ada        |
        | 1       | 0.1   | client     |

    @requires_standard_tools
    Example: A tool
      Given an integer variable "x" holding 1
      When the tool "increment" runs with:
        | name |
        | "x"  |
      Then the history of "x" is:
        | version | value | changed by     |
        | 2       | 2     | tool:increment |
        | 1       | 1     | client         |

    Example: A rollback
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is rolled back to version 1
      Then the history of "x" is:
        | version | value | changed by            |
        | 3       | 1     | rollback to version 1 |
        | 2       | 2     | client                |
        | 1       | 1     | client                |

    Example: With the metadata of the change itself, and not of those before
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2 with the metadata:
        | reason |
        | tuning |
      When "x" is set to 0.3, with the metadata:
        | run |
        | 12  |
      Then the history of "x" is:
        | version | value | metadata             |
        | 3       | 0.3   | {"run": "12"}        |
        | 2       | 0.2   | {"reason": "tuning"} |
        | 1       | 0.1   | {}                   |

    Example: Someone named in the metadata of a rollback
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version 1, with the metadata:
        | changed_by | reason |
        | Ada        | worse  |
      Then the history of "x" is:
        | version | value | changed by |
        | 3       | 0.1   | Ada        |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

  @A12
  Rule: A rollback writes the old value as a new version

    Example: Back to the first value
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was set to 0.3
      When "x" is rolled back to version 1
      Then the variable answered has:
        | value | version |
        | 0.1   | 4       |
      And its id is that of "x"
      And "x" holds 0.1 at version 4

    Example: To the version that is current
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version 2
      Then the variable answered has:
        | value | version |
        | 0.2   | 3       |
      And "x" holds 0.2 at version 3

    Scenario Outline: From <now> to <then>
      Given a tensor variable "x" holding <then>
      And "x" was set to <now>
      When "x" is rolled back to version 1
      Then the variable answered has:
        | value  | version |
        | <then> | 3       |
      And "x" holds <then> at version 3

      Examples:
        | now                         | then                        |
        | {"shape": [1], "data": [2]} | float32 array [0.5, 1.5]    |
        | float32 array [0.5, 1.5]    | {"shape": [1], "data": [2]} |

    Example: Watches learn of it as of any change
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And Ada watches "x"
      When "x" is rolled back to version 1
      Then Ada receives:
        | update       | value | previous | version | changed by            |
        | value change | 0.1   | 0.2      | 3       | rollback to version 1 |

    Scenario Outline: Version <version> is not in the history
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version <version>
      Then it is refused as out of range
      And "x" still holds 0.2 at version 2

      Examples:
        | version |
        | 0       |
        | 3       |
        | -1      |

    Example: A version that is no longer kept
      Given an integer variable "x" holding 1
      And "x" was set 120 times, each time to its next version
      When "x" is rolled back to version 5
      Then it is refused as out of range
      And "x" still holds 121 at version 121
