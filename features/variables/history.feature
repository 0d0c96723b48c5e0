@variables
Feature: History and rollback
  Accepted changes are retained for a while: the value, the time and who made it. An earlier value can be restored.
  brought back.

  @A11
  Rule: Every accepted change has an entry in the history, newest first

    Example: A registration and two sets have three entries
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is set to 0.3
      Then the history of "x" is:
        | version | value |
        | 3       | 0.3   |
        | 2       | 0.2   |
        | 1       | 0.1   |

    Example: A refused set has no entry
      Given a float variable "x" holding 0.1
      When "x" is set to true
      Then it is refused as invalid, saying "must be a number"
      And the history of "x" is:
        | version | value |
        | 1       | 0.1   |

    @requires_current_fields
    Example: The history retains arrays in raw bytes
      Given a tensor variable "x" holding float32 array [0.5, 1.5]
      When "x" is set to float64 array [2.5]
      Then the history of "x" is:
        | version | value                    |
        | 2       | float64 array [2.5]      |
        | 1       | float32 array [0.5, 1.5] |

    Scenario Outline: A read of the newest <limit> entries of a history returns just those
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is set to 3
      Then the newest <limit> entries in the history of "x" have the versions <versions>

      Examples:
        | limit | versions  |
        | 1     | [3]       |
        | 2     | [3, 2]    |
        | 3     | [3, 2, 1] |
        | 9     | [3, 2, 1] |
        | 0     | [3, 2, 1] |

    Example: A negative limit of history entries is refused
      Given a float variable "x" holding 0.1
      When the newest -1 entries in the history of "x" are read
      Then it is refused as invalid
      And "x" still holds 0.1 at version 1

    Example: The history retains the newest 100 entries by default
      Given an integer variable "x" holding 1
      When "x" is incremented 149 times
      Then the history of "x" has the versions 150 down to 51

    @requires_process
    Example: The history retains as many entries as the bridge is configured to
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      When "x" is set to each of [2, 3, 4, 5] in turn
      Then the history of "x" is:
        | version | value |
        | 5       | 5     |
        | 4       | 4     |
        | 3       | 3     |

  @A11
  Rule: A history entry names who made the change

    Example: A change by a client is attributed to a client
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

    Example: A change is attributed to the author named in its metadata
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata {"changed_by": "Ada"}
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | Ada        |
        | 1       | 0.1   | client     |

    @requires_standard_tools
    Example: A change by a tool is attributed to the tool
      Given an integer variable "x" holding 1
      When the tool "increment" runs with {"name": "x"}
      Then the history of "x" is:
        | version | value | changed by     |
        | 2       | 2     | tool:increment |
        | 1       | 1     | client         |

    Example: A rollback is attributed to a rollback
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is rolled back to version 1
      Then the history of "x" is:
        | version | value | changed by            |
        | 3       | 1     | rollback to version 1 |
        | 2       | 2     | client                |
        | 1       | 1     | client                |

    Example: A history entry has only the metadata of its own change
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2, with the metadata {"reason": "tuning"}
      When "x" is set to 0.3, with the metadata {"run": "12"}
      Then the history of "x" is:
        | version | value | metadata             |
        | 3       | 0.3   | {"run": "12"}        |
        | 2       | 0.2   | {"reason": "tuning"} |
        | 1       | 0.1   | {}                   |

    @requires_current_fields
    Example: A rollback is attributed to the author named in its metadata
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version 1, with the metadata {"changed_by": "Ada", "reason": "worse"}
      Then the history of "x" is:
        | version | value | changed by |
        | 3       | 0.1   | Ada        |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

  @A12
  Rule: A rollback sets an earlier value again, as a new version

    Example: A rollback restores the first value
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was set to 0.3
      When "x" is rolled back to version 1
      Then the answer is a variable with:
        | value | version |
        | 0.1   | 4       |
      And the answer has the id of "x"
      And "x" holds 0.1 at version 4

    Example: A rollback to the current version makes a new version
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version 2
      Then the answer is a variable with:
        | value | version |
        | 0.2   | 3       |
      And "x" holds 0.2 at version 3

    Scenario Outline: A rollback from <now> to <then> restores the value
      Given a tensor variable "x" holding <then>
      And "x" was set to <now>
      When "x" is rolled back to version 1
      Then the answer is a variable with:
        | value  | version |
        | <then> | 3       |
      And "x" holds <then> at version 3

      Examples:
        | now                         | then                        |
        | {"shape": [1], "data": [2]} | float32 array [0.5, 1.5]    |
        | float32 array [0.5, 1.5]    | {"shape": [1], "data": [2]} |

    Example: Watches get a rollback as a value change
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And Ada watches "x"
      When "x" is rolled back to version 1
      Then Ada receives:
        | update       | value | previous | version | changed by            |
        | value change | 0.1   | 0.2      | 3       | rollback to version 1 |

    Scenario Outline: A rollback to version <version>, which never existed, is refused
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

    Example: A rollback to a version that is no longer retained is refused
      Given an integer variable "x" holding 1
      And "x" was incremented 120 times
      When "x" is rolled back to version 5
      Then it is refused as out of range
      And "x" still holds 121 at version 121
