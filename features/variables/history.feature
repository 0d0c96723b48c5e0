@variables
Feature: History and rollback
  Accepted changes are retained for a while: the value, the time and who made it. An earlier value can be restored.

  @A11
  Rule: Every accepted change has an entry in the history, newest first

    @A11.1 @A11.2
    Example: A registration and two sets have three entries
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is set to 0.3
      Then the history of "x" is:
        | version | value |
        | 3       | 0.3   |
        | 2       | 0.2   |
        | 1       | 0.1   |

    @A11.1
    Example: A refused set has no entry
      Given a float variable "x" holding 0.1
      When "x" is set to true
      Then it is refused as invalid, saying "must be a number"
      And the history of "x" is:
        | version | value |
        | 1       | 0.1   |

    @A11.1 @requires_current_fields
    Example: The history retains arrays in raw bytes
      Given a tensor variable "x" holding float32 array [0.5, 1.5]
      When "x" is set to float64 array [2.5]
      Then the history of "x" is:
        | version | value                    |
        | 2       | float64 array [2.5]      |
        | 1       | float32 array [0.5, 1.5] |

    @A11.2
    Scenario Outline: A read of the newest <limit> entries of a history returns just those
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is set to 3
      Then the newest <limit> entries in the history of "x" have the versions <versions>

      Examples:
        | limit      | versions  |
        | 1          | [3]       |
        | 2          | [3, 2]    |
        | 3          | [3, 2, 1] |
        | 9          | [3, 2, 1] |
        | 0          | [3, 2, 1] |
        | 2147483647 | [3, 2, 1] |

    @A11.2
    Example: A negative limit of history entries is refused
      Given a float variable "x" holding 0.1
      When the newest -1 entries in the history of "x" are read
      Then it is refused as invalid
      And "x" still holds 0.1 at version 1

    @A11.3
    Example: The history retains the newest 100 entries by default
      Given an integer variable "x" holding 1
      When "x" is incremented 149 times
      Then the history of "x" has the versions 150 down to 51

    @A11.1 @A11.2 @A11.4
    Example: The entries of a long history have their authors and their metadata
      Given an integer variable "x" holding 1
      When "x" is incremented 90 times, with the metadata {"changed_by": "Ada", "reason": "tuning"}
      Then the newest 80 entries in the history of "x" are by "Ada", with the metadata {"reason": "tuning"}

    @A11.3 @requires_process
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

    @A11.4
    Example: A change by a client is attributed to a client
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

    @A11.4
    Example: A change is attributed to the author named in its metadata
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata {"changed_by": "Ada"}
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | Ada        |
        | 1       | 0.1   | client     |

    @A11.4
    Scenario Outline: A change with an author under "<key>" is attributed to a client
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata {"<key>": "Ada"}
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | client     |
        | 1       | 0.1   | client     |

      Examples:
        | key        |
        | Changed_By |
        | changedBy  |
        | author     |

    @A11.4
    Scenario Outline: A change is attributed to the author <author> exactly
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata {"changed_by": "<author>"}
      Then the history of "x" is:
        | version | value | changed by |
        | 2       | 0.2   | <author>   |
        | 1       | 0.1   | client     |

      Examples:
        | author                                                                                |
        | Zoë 東京 🚀                                                                             |
        | the service account of the nightly evaluation of the reward model in the west, run 12 |

    @A11.1 @A11.4
    Example: Metadata with the names of fields changes no field of an entry
      Given a float variable "x" holding 0.1
      When "x" is set to 0.2, with the metadata {"version": "7", "value": "1", "timestamp": "0", "author": "Ada", "tool": "add"}
      Then the history of "x" is:
        | version | value | changed by | metadata                                                                             |
        | 2       | 0.2   | client     | {"version": "7", "value": "1", "timestamp": "0", "author": "Ada", "tool": "add"} |
        | 1       | 0.1   | client     | {}                                                                                   |

    @A11.4 @requires_standard_tools
    Example: A change by a tool is attributed to the tool
      Given an integer variable "x" holding 1
      When the tool "increment" runs with {"name": "x"}
      Then the history of "x" is:
        | version | value | changed by     |
        | 2       | 2     | tool:increment |
        | 1       | 1     | client         |

    @A11.4
    Example: A rollback is attributed to a rollback
      Given an integer variable "x" holding 1
      And "x" was set to 2
      When "x" is rolled back to version 1
      Then the history of "x" is:
        | version | value | changed by            |
        | 3       | 1     | rollback to version 1 |
        | 2       | 2     | client                |
        | 1       | 1     | client                |

    @A11.1
    Example: A history entry has only the metadata of its own change
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2, with the metadata {"reason": "tuning"}
      When "x" is set to 0.3, with the metadata {"run": "12"}
      Then the history of "x" is:
        | version | value | metadata             |
        | 3       | 0.3   | {"run": "12"}        |
        | 2       | 0.2   | {"reason": "tuning"} |
        | 1       | 0.1   | {}                   |

    @A11.4 @requires_current_fields
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

    @A12.1
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

    @A12.1
    Example: A rollback to the current version makes a new version
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      When "x" is rolled back to version 2
      Then the answer is a variable with:
        | value | version |
        | 0.2   | 3       |
      And "x" holds 0.2 at version 3

    @A12.1
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

    @A12.1
    Scenario Outline: A rollback of <a variable> restores <then> exactly
      Given <a variable> "x" holding <then>
      And "x" was set to <now>
      When "x" is rolled back to version 1
      Then the answer is a variable with:
        | value  | version |
        | <then> | 3       |
      And "x" holds <then> at version 3

      Examples:
        | a variable            | now   | then             |
        | an integer variable   | 1     | 9007199254740993 |
        | a float variable      | 0.5   | NaN              |
        | a float variable      | 0.5   | -Infinity        |
        | a float variable      | 0.5   | -0.0             |
        | a string variable     | "a"   | ""               |
        | an embedding variable | [0.5] | [5e-324, 1]      |

    @A3 @A3.3 @A14 @A14.1
    Example: A rollback restores the value of a version, and not its metadata and its source
      Given an open session
      And "x" was registered as a float holding 0.1, with the metadata {"reason": "first", "source": "elixir"}
      And "x" was set to 0.2, with the metadata {"reason": "second"}
      When "x" is rolled back to version 1
      Then "x" holds 0.1 at version 3
      And the metadata of "x" contains {"reason": "second"}
      And the source of "x" is PYTHON

    @A12.1
    Example: Watches get a rollback as a value change
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2
      And Ada watches "x"
      When "x" is rolled back to version 1
      Then Ada receives:
        | update       | value | previous | version | changed by            |
        | value change | 0.1   | 0.2      | 3       | rollback to version 1 |

    @A12.2
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

    @A12.2
    Example: A rollback to a version that is no longer retained is refused
      Given an integer variable "x" holding 1
      And "x" was incremented 120 times
      When "x" is rolled back to version 5
      Then it is refused as out of range
      And "x" still holds 121 at version 121

  @A11 @A12 @requires_process
  Rule: A rollback is a change within the limits of the history

    @A12.1 @A11.3
    Example: A rollback to the oldest retained version drops that version
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      And "x" was set to each of [2, 3, 4, 5] in turn
      When "x" is rolled back to version 3
      Then "x" holds 3 at version 6
      And the history of "x" is:
        | version | value | changed by            |
        | 6       | 3     | rollback to version 3 |
        | 5       | 5     | client                |
        | 4       | 4     | client                |

    @A12.2
    Example: A version that a rollback has dropped cannot be restored again
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      And "x" was set to each of [2, 3, 4, 5] in turn
      And "x" was rolled back to version 3
      When "x" is rolled back to version 3
      Then it is refused as out of range
      And "x" still holds 3 at version 6

    @A11.3
    Example: Each variable has a history of its own length
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And "y" was set to 2
      When "x" is set to each of [2, 3, 4, 5] in turn
      Then the history of "x" has the versions 5 down to 3
      And the history of "y" has the versions 2 down to 1

    @A11.2
    Example: A limit beyond the retained entries returns those that are retained
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      When "x" is set to each of [2, 3, 4, 5] in turn
      Then the newest 9 entries in the history of "x" have the versions [5, 4, 3]

    @A11 @A11.3
    Scenario Outline: Changes by <a batch> drop the oldest entries of a history
      Given a bridge with the flags "--history-limit 3"
      And an integer variable "x" holding 1
      And "x" was set to each of [2, 3] in turn
      And these were set in <a batch>:
        | name | value |
        | x    | 4     |
      When these are set in <a batch>:
        | name | value |
        | x    | 5     |
      Then the history of "x" has the versions 5 down to 3

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

  @A11 @A12
  Rule: A history has more than a hundred versions behind it

    @A12.1 @A11.3
    Example: The oldest of a hundred retained versions can be restored
      Given an integer variable "x" holding 1
      And "x" was incremented 149 times
      When "x" is rolled back to version 51
      Then "x" holds 51 at version 151
      And the history of "x" has the versions 151 down to 52

    @A11.3
    Example: The hundred and first version drops the registration
      Given an integer variable "x" holding 1
      When "x" is incremented 100 times
      Then the history of "x" has the versions 101 down to 2

    @A12.2
    Example: The version before the oldest of a hundred retained ones cannot be restored
      Given an integer variable "x" holding 1
      And "x" was incremented 149 times
      When "x" is rolled back to version 50
      Then it is refused as out of range
      And "x" still holds 150 at version 150

    @A11.3 @requires_process
    Example: A history has as many entries as a limit above a hundred says
      Given a bridge with the flags "--history-limit 250"
      And an integer variable "x" holding 1
      When "x" is incremented 299 times
      Then the history of "x" has the versions 300 down to 51

  @A11 @A11.1
  Rule: Only changes have entries in the history

    Example: A refused, a repeated and a locked change have no entries
      Given an integer variable "x" holding 1
      And "x" was set to 2
      And a refused attempt, in which "x" is set to 3, expecting version 9
      And a refused attempt, in which "x" is rolled back to version 9
      And the optimizer "mipro" locked "x"
      When "x" is set to 4
      Then it is refused with FAILED_PRECONDITION
      And the history of "x" is:
        | version | value |
        | 2       | 2     |
        | 1       | 1     |

    Example: A change of another variable, or of a variable that is followed, has no entry
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      When "first" is set to 2
      Then the history of "second" is:
        | version | value |
        | 1       | 1     |
      And the history of "first" is:
        | version | value |
        | 2       | 2     |
        | 1       | 1     |

    Example: The entries of a history are those of the variable under its name and its id
      Given an integer variable "x" holding 1
      And "x", by its id, was set to 2
      When "x", by its id, is rolled back to version 1
      Then the history of "x" is:
        | version | value | changed by            |
        | 3       | 1     | rollback to version 1 |
        | 2       | 2     | client                |
        | 1       | 1     | client                |

  @A12 @A12.1
  Rule: A rollback restores the value of any retained version, whatever made it

    Example: A rollback can be rolled back
      Given an integer variable "x" holding 1
      And "x" was set to 2
      And "x" was rolled back to version 1
      When "x" is rolled back to version 2
      Then "x" holds 2 at version 4

    Example: A version that holds false can be restored
      Given a boolean variable "streaming" holding false
      And "streaming" was set to true
      When "streaming" is rolled back to version 1
      Then "streaming" holds false at version 3

    Example: The version that a rollback made can be restored
      Given an integer variable "x" holding 1
      And "x" was set to 2
      And "x" was rolled back to version 1
      And "x" was set to 4
      When "x" is rolled back to version 3
      Then "x" holds 1 at version 5

    Example: The version that a batch made can be restored
      Given an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And these were set in an atomic batch:
        | name | value |
        | x    | 2     |
        | y    | 3     |
      And "x" was set to 4
      When "x" is rolled back to version 2
      Then "x" holds 2 at version 4
      And "y" still holds 3 at version 2

    @requires_standard_tools
    Example: The version that a tool made can be restored
      Given an integer variable "x" holding 1
      And the tool "increment" ran with {"name": "x", "by": 6}
      And "x" was set to 2
      When "x" is rolled back to version 2
      Then "x" holds 7 at version 4
      And the history of "x" is:
        | version | value | changed by            |
        | 4       | 7     | rollback to version 2 |
        | 3       | 2     | client                |
        | 2       | 7     | tool:increment        |
        | 1       | 1     | client                |

    @requires_current_fields
    Example: A rollback has the metadata of its own call in the history and in watches
      Given a float variable "x" holding 0.1
      And "x" was set to 0.2, with the metadata {"reason": "tuning"}
      And Ada watches "x"
      When "x" is rolled back to version 1, with the metadata {"run": "12"}
      Then Ada receives:
        | update       | value | previous | version | changed by            | metadata      |
        | value change | 0.1   | 0.2      | 3       | rollback to version 1 | {"run": "12"} |
      And the history of "x" is:
        | version | value | metadata             |
        | 3       | 0.1   | {"run": "12"}        |
        | 2       | 0.2   | {"reason": "tuning"} |
        | 1       | 0.1   | {}                   |

    Example: A locked variable is at its version after a refused rollback
      Given an integer variable "x" holding 1
      And "x" was set to 2
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      When "x" is rolled back to version 1
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And the state of "x" is as noted
      And the history of "x" has the versions 2 down to 1
