@variables
Feature: Reading and setting variables
  A client reads and sets a variable by its name or its id. Every accepted set makes a new version.

  @A2
  Rule: A variable is found by its name and by its id

    @A2.1
    Example: A variable is read by its name and by its id
      Given a float variable "learning_rate" holding 0.01
      When "learning_rate" is set to 0.02
      Then "learning_rate" holds 0.02 at version 2
      And "learning_rate", by its id, holds 0.02 at version 2

    @A2.1
    Example: A variable is set by its id
      Given a float variable "learning_rate" holding 0.01
      When "learning_rate", by its id, is set to 0.02
      Then "learning_rate" holds 0.02 at version 2

    @A2.1
    Example: A variable is deleted by its id
      Given a float variable "learning_rate" holding 0.01
      When "learning_rate", by its id, is deleted
      Then there is no variable "learning_rate"

    @A2.1
    Example: A name that has the form of an id is a valid name
      Given a float variable "var_x_0123456789abcdef" holding 0.5
      When "var_x_0123456789abcdef" is set to 0.25
      Then "var_x_0123456789abcdef" holds 0.25 at version 2

    @A2.2
    Example: An id takes precedence over an equal name
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      When "first", by its id, is set to 3
      Then "first" holds 3.0 at version 2

    @A2.2
    Example: An id takes precedence over an equal name in a batch read
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      When "first", by its id, and "first" are read in one call
      Then the answer has:
        | name        | value | version |
        | id of first | 1     | 1       |
        | first       | 1     | 1       |

    @A2.2
    Example: An id takes precedence over an equal name in a watch
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      And Ada watches "first", by its id
      When "first" is set to 3
      Then Ada receives:
        | update       | variable | value | version |
        | value change | first    | 3     | 2       |

    @A2.2
    Example: An id takes precedence over an equal name in a deletion
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      When "first", by its id, is deleted
      Then there is no variable "first"

    @A2.2
    Example: An id takes precedence over an equal name in a lock
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      When the optimizer "mipro" locks "first", by its id,
      Then "first" is locked by the optimizer "mipro"

    @A2.2
    Scenario Outline: An id takes precedence over an equal name in <a batch>
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      When these are set in <a batch>:
        | name        | value |
        | id of first | 3     |
      Then the batch succeeds
      And "first" holds 3.0 at version 2

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A2.2
    Example: An id takes precedence over an equal name in a rollback
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      And "first" was set to 3
      When "first", by its id, is rolled back to version 1
      Then "first" holds 1.0 at version 3

    @A2.2
    Example: An id takes precedence over an equal name in a release
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      And the optimizer "mipro" locked "first"
      When the optimizer "mipro" releases "first", by its id, by force
      Then the final value is 1.0
      And "first" is not locked

    @A2.2
    Example: An id takes precedence over an equal name in a dependency
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      And a float variable "second" holding 1
      And a "scaled" dependency of "second" on "first", by its id, was added
      And Ada watches "second"
      When "first" is set to 2
      Then Ada receives:
        | update            | variable | metadata           |
        | dependency change | second   | {"cause": "first"} |

    @A2.1 @requires_current_fields
    Example: A variable is locked by its name and released by its id
      Given a float variable "x" holding 1
      And the optimizer "mipro" locked "x"
      When the optimizer "mipro" releases "x", by its id,
      Then the final value is 1.0
      And "x" is not locked

    @A2.1 @A2.2
    Example: A name that equals the id of a deleted variable is that of its own variable
      Given a float variable "first" holding 1
      And a name like the id of "first" was registered as a float holding 2
      And "first" was deleted
      When "first", by its old id, is set to 3
      Then the answer is version 2

  @A3
  Rule: Every accepted set increases the version by exactly 1

    @A3.1
    Example: A set answers the new version
      Given an integer variable "max_tokens" holding 256
      When "max_tokens" is set to 512
      Then the answer is version 2
      And "max_tokens" holds 512 at version 2

    @A3.1
    Example: Nine sets make nine versions
      Given an integer variable "max_tokens" holding 0
      When "max_tokens" is set to each of [1, 2, 3, 4, 5, 6, 7, 8, 9] in turn
      Then the answer is version 10
      And "max_tokens" holds 9 at version 10

    @A3.1
    Example: A set to the same value makes a new version
      Given an integer variable "max_tokens" holding 256
      When "max_tokens" is set to 256
      Then the answer is version 2
      And "max_tokens" holds 256 at version 2

    @A3.1
    Example: A set that is made twice makes two versions
      Given an integer variable "max_tokens" holding 256
      And "max_tokens" was set to 512
      When "max_tokens" is set to 512
      Then the answer is version 3
      And "max_tokens" holds 512 at version 3

    @A3.1
    Example: Each variable has its own versions
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And "a" was set to 2
      When "a" is set to 3
      Then "a" holds 3.0 at version 3
      And "b" still holds 1.0 at version 1

    @A3.2
    Example: A change is immediately visible to other clients
      Given a float variable "x" holding 0.5
      When "x" is set to 0.75
      Then as Ada, "x" holds 0.75 at version 2

    @A3.1 @X5 @requires_standard_tools
    Example: A tool that sets a variable to its own value makes a new version
      Given an integer variable "count" holding 5
      When the tool "increment" runs with {"name": "count", "by": 0}
      Then the tool answers 5
      And "count" holds 5 at version 2

  @A3 @A3.3
  Rule: The metadata of a change is merged into the variable's metadata

    Example: Newer metadata replaces older entries with the same key and keeps the others
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6, with the metadata {"reason": "tuning", "author": "Ada"}
      When "x" is set to 0.7, with the metadata {"reason": "retry", "run": "12"}
      Then the metadata of "x" contains {"reason": "retry", "author": "Ada", "run": "12"}
      And "x" holds 0.7 at version 3

    Example: An empty value replaces an earlier one
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6, with the metadata {"reason": "tuning", "author": "Ada"}
      When "x" is set to 0.7, with the metadata {"reason": ""}
      Then the metadata of "x" contains {"reason": "", "author": "Ada"}

  @A4
  Rule: A refused change has no effect

    @A4.1 @A4.2
    Example: A set with a value of the wrong type has no effect
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      When "x" is set to "half"
      Then it is refused as invalid, saying "must be a number"
      And "x" still holds 0.5 at version 1
      And the history of "x" is:
        | version | value |
        | 1       | 0.5   |
      And Ada receives nothing else

    @A4.1
    Example: A refused set leaves the time and the metadata as they were
      Given a float variable "x" holding 0.5
      And the state of "x" was noted
      When "x" is set to "half", with the metadata {"reason": "wrong"}
      Then it is refused as invalid, saying "must be a number"
      And the state of "x" is as noted

    @A4.1
    Example: A set with an outdated expected version has no effect
      Given a float variable "x" holding 0.5
      And the state of "x" was noted
      When "x" is set to 0.6, expecting version 7
      Then it is refused with ABORTED, saying "1"
      And the state of "x" is as noted

    @A4.1
    Example: A failed atomic batch leaves every variable as it was
      Given the variables:
        | name | type    | value |
        | x    | float   | 0.5   |
        | y    | integer | 1     |
      And the state of "x" was noted
      When these are set in an atomic batch:
        | name | value |
        | x    | 0.6   |
        | y    | 0.5   |
      Then the batch fails for:
        | name | because                |
        | y    | must be a whole number |
      And the state of "x" is as noted

    @A4.2
    Example: A refused delete does not remove the dependencies of a variable
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And the optimizer "mipro" locked "first"
      And a refused attempt, in which "first" is deleted
      And Ada watches "second"
      When "first" is set to 2, for the optimizer "mipro"
      Then Ada receives:
        | update            | variable | version | metadata           |
        | dependency change | second   | 1       | {"cause": "first"} |

  @A2 @A2.3
  Rule: A call that names a missing variable fails with NOT_FOUND

    Scenario Outline: The name <other> does not find the variable "rate"
      Given a float variable "rate" holding 0.5
      When <other> is read
      Then it is refused as not found
      And "rate" still holds 0.5 at version 1

      Examples:
        | other   |
        | "Rate"  |
        | "RATE"  |
        | "rate " |
        | " rate" |
        | "rat"   |
        | "rate_" |
        | "*"     |

    Scenario Outline: A missing variable is not found: <action>
      Given an open session
      When <action>
      Then it is refused as not found
      And the session is open

      Examples:
        | action                                                         |
        | "nothing_here" is read                                         |
        | "nothing_here" is set to "something"                           |
        | "nothing_here" is deleted                                      |
        | "nothing_here" is rolled back to version 1                     |
        | the newest 1 entries in the history of "nothing_here" are read |

  @A14
  Rule: A variable records the source and the time of its last change

    @A14.1
    Example: The source of a change is Python by default
      When "x" is registered as a float holding 0.5
      Then the answer is a variable with:
        | source |
        | PYTHON |

    @A14.1
    Example: The source of a set is Elixir if its metadata says so
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"source": "elixir"}
      Then the source of "x" is ELIXIR

    @A14.1
    Scenario Outline: The source of a set is Python if its metadata has <source> under "source"
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"source": "<source>"}
      Then the source of "x" is PYTHON

      Examples:
        | source  |
        | Elixir  |
        | ELIXIR  |
        | elixir2 |
        | python  |

    @A14.1
    Scenario Outline: The source of a set is Python if its metadata has elixir under "<key>"
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"<key>": "elixir"}
      Then the source of "x" is PYTHON

      Examples:
        | key     |
        | Source  |
        | source_ |

    @A14.1
    Example: The source of a batch is Elixir if its metadata says so
      Given a float variable "x" holding 0.5
      When these are set in an atomic batch, with the metadata {"source": "elixir"}:
        | name | value |
        | x    | 0.6   |
      Then the source of "x" is ELIXIR

    @A14.1 @requires_current_fields
    Example: The source of a rollback is Elixir if its metadata says so
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6
      When "x" is rolled back to version 1, with the metadata {"source": "elixir"}
      Then the source of "x" is ELIXIR

    @A14.1
    Example: The source is that of the last change
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6, with the metadata {"source": "elixir"}
      When "x" is set to 0.7
      Then the source of "x" is PYTHON

    @A14.2
    Example: The times of changes are recent and increase
      Given a float variable "x" holding 0.5
      When "x" is set to each of [0.1, 0.2, 0.3] in turn
      Then the times in the history of "x" are recent and in order

    @A14.2
    Example: The time of a variable is that of its last change
      Given a float variable "x" holding 0.5
      When "x" is set repeatedly for 3 s or until last_updated_at increases
      Then last_updated_at of "x" has increased

    @A14.1 @X5 @requires_standard_tools
    Example: The source of a change by a tool is Python
      Given an integer variable "count" holding 1
      And "count" was set to 2, with the metadata {"source": "elixir"}
      When the tool "increment" runs with {"name": "count"}
      Then the source of "count" is PYTHON

  @A3 @A13 @A11 @A1 @A3.2
  Rule: A read shows the last accepted change, even if the same read was answered before it

    Example: A session whose configuration asks for a cache reads no earlier value
      Given an open session whose configuration asks for a cache of 60 s
      And an integer variable "x" holding 1
      And "x" was read
      And "x" was set to 2
      When "x" is read
      Then the answer is a variable with:
        | value | version |
        | 2     | 2       |

    @A13.1
    Example: A variable that was read before is read with its new value
      Given a float variable "x" holding 0.5
      And "x" was read
      And "x" was set to 0.75
      When "x" is read
      Then the answer is a variable with:
        | value | version |
        | 0.75  | 2       |

    Example: A variable that was read by its id before is read with its new value
      Given a float variable "x" holding 0.5
      And "x", by its id, was read
      And "x" was rolled back to version 1
      When "x", by its id, is read
      Then the answer is a variable with:
        | value | version |
        | 0.5   | 2       |

    @A7
    Scenario Outline: Variables that were read together before are read with their new values<how>
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And "x" and "y" were read in one call<how>
      And these were set in an atomic batch:
        | name | value |
        | x    | 2     |
      When "x" and "y" are read in one call<how>
      Then the answer has:
        | name | value | version |
        | x    | 2     | 2       |
        | y    | 1     | 1       |

      Examples:
        | how                      |
        |                          |
        | , without their metadata |

    @A9
    Scenario Outline: A list that was read before has the changes since when <list>
      Given the variables:
        | name | type    | value |
        | x1   | integer | 1     |
        | x2   | integer | 1     |
      And <list>
      And "x1" was set to 2
      And "x2" was deleted
      And an integer variable "x3" holding 3
      When <list>
      Then the names listed are "x1" and "x3"
      And "x1" holds 2 at version 2

      Examples:
        | list                                     |
        | the variables are listed                 |
        | the variables that match "x*" are listed |

    @S1
    Example: The answer of opening a session again has the changes since
      Given the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And the session was opened again
      And "x" was set to 2
      And "y" was deleted
      When the session is opened again
      Then the session holds the variables:
        | name | value | version |
        | x    | 2     | 2       |

    @A11.1
    Example: A history that was read before has the changes since
      Given an integer variable "x" holding 1
      And the newest 0 entries in the history of "x" were read
      When "x" is set to 2
      Then the history of "x" is:
        | version | value |
        | 2       | 2     |
        | 1       | 1     |

    @A10
    Example: A variable that was read before is not found after its deletion
      Given an integer variable "x" holding 1
      And "x" was read
      And "x" was deleted
      When "x" is read
      Then it is refused as not found
      And no variable exists

    @A1.1
    Example: A variable that was missing before is read after its registration
      Given an open session
      And a refused attempt, in which "x" is read
      And an integer variable "x" holding 1
      When "x" is read
      Then the answer is a variable with:
        | value | version |
        | 1     | 1       |

    @A10
    Example: A variable that was read before its deletion is read as the new one of its name
      Given an integer variable "x" holding 1
      And "x" was read
      And "x" was deleted
      And a string variable "x" holding "new"
      When "x" is read
      Then the answer is a variable with:
        | type   | value | version |
        | string | "new" | 1       |
      And the answer has the id of "x"

    @requires_standard_tools @X5
    Example: A variable that was read before is read with the value of a tool
      Given an integer variable "x" holding 1
      And "x" was read
      And the tool "increment" ran with {"name": "x"}
      When "x" is read
      Then the answer is a variable with:
        | value | version |
        | 2     | 2       |

    @D2
    Example: A variable that was read before is read with the optimizer that has locked it
      Given an integer variable "x" holding 1
      And "x" was read
      And the optimizer "mipro" locked "x"
      When "x" is read
      Then the answer is a variable with:
        | value | version | optimizer_id |
        | 1     | 1       | mipro        |

    @D2 @D2.4
    Scenario Outline: The answer of <a call> names the optimizer that has locked a variable since the last one
      Given a float variable "rate" holding 0.1
      And <call>
      And the optimizer "mipro" locked "rate"
      And the state of "rate" was noted
      When <call>
      Then the answer has the state of "rate" as noted

      Examples:
        | a call                        | call                                                           |
        | an opening                    | the session is opened again                                    |
        | a batch read                  | "rate" and "gone" are read in one call                         |
        | a batch read without metadata | "rate" and "gone" are read in one call, without their metadata |

  @A4 @A4.1
  Rule: A refused change is not applied later

    Example: Changes that were refused are not applied within half a second
      Given an integer variable "x" holding 1 with:
        | max |
        | 9   |
      And an integer variable "y" holding 1
      And "x" was set to 2
      And the state of "x" was noted
      And a refused attempt, in which "x" is set to 10
      And a refused attempt, in which "x" is set to 3, expecting version 1
      And a refused attempt, in which "x" is rolled back to version 7
      And a refused attempt, in which "x" is registered as an integer holding 5
      And the optimizer "mipro" locked "y"
      And a refused attempt, in which "y" is set to 4
      And a refused attempt, in which "y" is deleted
      When repeatedly for 0.5 s, "y" is read
      Then the answer is a variable with:
        | value | version | optimizer_id |
        | 1     | 1       | mipro        |
      And the state of "x" is as noted

  @A1 @A1.3
  Rule: Every answer has the complete variable

    Example: The answer of a registration has every field of the variable
      When "x" is registered as a float holding 0.5, under the constraints {"max": 1}, with the metadata {"reason": "new", "source": "elixir"}
      Then the answer is a variable with:
        | name | type  | value | version | source | metadata          | constraints |
        | x    | float | 0.5   | 1       | ELIXIR | {"reason": "new"} | {"max": 1}  |

    @S1
    Example: The answer of opening a session again has every field of a variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      And the optimizer "mipro" locked "rate"
      And the state of "rate" was noted
      When the session is opened again
      Then the answer has the state of "rate" as noted

    @A12 @requires_current_fields
    Example: The answer of a rollback has every field of the variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      When "rate" is rolled back to version 1, with the metadata {"run": "12"}
      Then the answer is a variable with:
        | name | type  | value | version | source | metadata      | constraints          |
        | rate | float | 0.1   | 3       | PYTHON | {"run": "12"} | {"min": 0, "max": 1} |
