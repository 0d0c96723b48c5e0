@variables
Feature: Optimization
  An optimizer that tries one value after the other needs a variable for itself: it locks the variable, works on it,
  and releases it. Changes by others are refused in the meantime, with the reason.

  @D2 @A2
  Rule: Only the optimizer that locked a variable can change it

    @D2.4 @D2.5
    Example: The optimization status of a variable names the optimizer
      Given a float variable "temperature" holding 0.7
      And "temperature" is not locked
      When the optimizer "mipro" locks "temperature"
      Then it is accepted
      And "temperature" is locked by the optimizer "mipro"
      And "temperature" still holds 0.7 at version 1

    @D2.1
    Example: A locked variable refuses a change by others, also after one by its optimizer
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And "temperature" was set to 0.8, for the optimizer "mipro"
      When "temperature" is set to 0.9
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "temperature" still holds 0.8 at version 2

    @D2.1
    Scenario Outline: A locked variable refuses a change by others: <action>
      Given a float variable "temperature" holding 0.7
      And "temperature" was set to 0.8
      And the optimizer "mipro" locked "temperature"
      When <action>
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "temperature" still holds 0.8 at version 2

      Examples:
        | action                                                 |
        | "temperature" is set to 0.9                            |
        | "temperature" is set to 0.9, expecting version 2       |
        | "temperature" is set to 0.9, for the optimizer "copro" |
        | "temperature" is rolled back to version 1              |
        | "temperature" is deleted                               |
        | "temperature", by its id, is set to 0.9                |
        | "temperature", by its id, is rolled back to version 1  |
        | "temperature", by its id, is deleted                   |

    @D2.1
    Example: In a batch, a locked variable is an error of that variable
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And the optimizer "mipro" locked "temperature"
      When these are set in a non-atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 512   |
      Then the batch fails for:
        | name        | because                          |
        | temperature | variable_locked_for_optimization |
      And "temperature" still holds 0.7 at version 1
      And "max_tokens" holds 512 at version 2

    @D2.1 @requires_standard_tools
    Example: A tool cannot change a locked variable
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails, saying "variable_locked_for_optimization"
      And "count" still holds 1 at version 1

    @X5 @D2.3 @X5.2 @requires_standard_tools
    Example: A tool that runs for the optimizer can change the locked variable
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      When the tool "increment" runs with {"name": "count"}, for the optimizer "mipro"
      Then the tool answers 2
      And "count" holds 2 at version 2

    @D2.3
    Example: The optimizer can set the variable that it locked
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When "temperature" is set to 0.9, for the optimizer "mipro"
      Then "temperature" holds 0.9 at version 2
      And "temperature" is locked by the optimizer "mipro"

    @D2.3 @requires_current_fields
    Example: The optimizer can roll back the variable that it locked
      Given a float variable "temperature" holding 0.7
      And "temperature" was set to 0.8
      And the optimizer "mipro" locked "temperature"
      When "temperature" is rolled back to version 1, for the optimizer "mipro"
      Then the answer is a variable with:
        | value | version | optimizer_id |
        | 0.7   | 3       | mipro        |
      And "temperature" holds 0.7 at version 3
      And "temperature" is locked by the optimizer "mipro"

    @D2.3 @requires_current_fields
    Example: The optimizer can delete the variable that it locked
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When "temperature" is deleted, for the optimizer "mipro"
      Then there is no variable "temperature"

    @D2.3
    Example: A locked variable can be read and watched
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And Ada watches "temperature", with initial values
      When "temperature" is set to 0.9, for the optimizer "mipro"
      Then Ada receives:
        | update        | value | version |
        | initial value | 0.7   | 1       |
        | value change  | 0.9   | 2       |

    @D2.1 @D2.2
    Scenario Outline: A second lock by <optimizer> is refused and names the first optimizer
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "<optimizer>" locks "temperature"
      Then it is refused with FAILED_PRECONDITION, saying "mipro"
      And the refusal also says "variable_locked_for_optimization"
      And "temperature" is locked by the optimizer "mipro"

      Examples:
        | optimizer |
        | copro     |
        | mipro     |

    @D2.1 @D2.2
    Example: The refusal of a second lock has a long id in full
      Given a float variable "temperature" holding 0.7
      And the optimizer "the-optimizer-of-the-second-head-of-the-reward-model-after-the-third-stage-of-fine-tuning-with-the-learning-rate-of-the-first-one-and-with-all-examples-of-the-second-half-of-the-year-in-their-original-order-run-12" locked "temperature"
      When the optimizer "copro" locks "temperature"
      Then it is refused with FAILED_PRECONDITION, saying "the-optimizer-of-the-second-head-of-the-reward-model-after-the-third-stage-of-fine-tuning-with-the-learning-rate-of-the-first-one-and-with-all-examples-of-the-second-half-of-the-year-in-their-original-order-run-12"
      And "temperature" is locked by the optimizer "the-optimizer-of-the-second-head-of-the-reward-model-after-the-third-stage-of-fine-tuning-with-the-learning-rate-of-the-first-one-and-with-all-examples-of-the-second-half-of-the-year-in-their-original-order-run-12"

    @D2.1 @D2.2
    Scenario Outline: The refusal of a second lock has the whole id <holder>
      Given a float variable "temperature" holding 0.7
      And the optimizer "<holder>" locked "temperature"
      When the optimizer "copro" locks "temperature"
      Then it is refused with FAILED_PRECONDITION, saying "<holder>"
      And "temperature" is locked by the optimizer "<holder>"

      Examples:
        | holder                                               |
        | MIPROv2/bootstrap-few-shot with random search, run 7 |
        | 50% of %d, 100%                                      |
        | optimiseur d'été, 東京 🚀                               |

    @A2.3
    Example: A variable that does not exist cannot be locked
      Given an open session
      When the optimizer "mipro" locks "nothing_here"
      Then it is refused as not found
      And the session is open

  @D3
  Rule: Releasing a variable ends the lock and answers the final value

    @D3.1 @requires_current_fields
    Example: The optimizer releases the variable and gets the final value
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And "temperature" was set to 0.9, for the optimizer "mipro"
      When the optimizer "mipro" releases "temperature"
      Then the final value is 0.9
      And "temperature" is not locked

    @D3.1 @requires_current_fields
    Example: The final value may be false
      Given a boolean variable "streaming" holding false
      And the optimizer "mipro" locked "streaming"
      When the optimizer "mipro" releases "streaming"
      Then the final value is false

    @D2 @D2.4
    Example: The time of a lock is that of the lock, not that of the last change
      Given a float variable "x" holding 0.5
      And in session "blue", repeatedly for 1.5 s, the variables are listed
      When the optimizer "mipro" locks "x"
      Then "x" was locked at least 1 s after its last change

    @D3.1 @requires_current_fields
    Scenario Outline: The final value of <a variable> may be <value>
      Given <a variable> "x" holding <value>
      And the optimizer "mipro" locked "x"
      When the optimizer "mipro" releases "x"
      Then the final value is <value>

      Examples:
        | a variable          | value                       |
        | an integer variable | 9007199254740993            |
        | a float variable    | NaN                         |
        | a float variable    | -0.0                        |
        | a string variable   | ""                          |
        | a tensor variable   | {"shape": [1], "data": [2]} |

    @D3.1 @requires_current_fields
    Example: A released variable can be changed by every client
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And the optimizer "mipro" released "temperature"
      When "temperature" is set to 0.5
      Then "temperature" holds 0.5 at version 2

    @D3.1 @requires_current_fields
    Example: The final value can be an array in raw bytes
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And the optimizer "mipro" locked "weights"
      When the optimizer "mipro" releases "weights"
      Then the final value is float32 array [0.5, 1.5]
      And "weights" is not locked

    @D3.2 @requires_current_fields
    Example: Another optimizer cannot release a locked variable
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "copro" releases "temperature"
      Then it is refused with FAILED_PRECONDITION
      And "temperature" is locked by the optimizer "mipro"

    @D3.1
    Example: Another optimizer can release a locked variable by force
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "copro" releases "temperature" by force
      Then the final value is 0.7
      And "temperature" is not locked

    @D3.3 @soak
    Example: A lock ends after five minutes without a set by its optimizer
      Given the variables:
        | name        | type  | value |
        | temperature | float | 0.7   |
        | top_p       | float | 0.9   |
      And the optimizer "mipro" locked "temperature"
      And the optimizer "mipro" locked "top_p"
      When "temperature" is set to 0.5 repeatedly until that is accepted, while the optimizer "mipro" sets "top_p"
      Then it is accepted after 299 to 315 s
      And "temperature" holds 0.5 at version 2
      And "temperature" is not locked
      And "top_p" is locked by the optimizer "mipro"

    @D3.4
    Example: A variable that is not locked cannot be released
      Given a float variable "temperature" holding 0.7
      When the optimizer "mipro" releases "temperature"
      Then it is refused with FAILED_PRECONDITION
      And "temperature" still holds 0.7 at version 1

    @D2 @D2.4
    Example: A change by the holder leaves the time of its lock
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And in session "blue", repeatedly for 1.2 s, the variables are listed
      When "x" is set to 0.6, for the optimizer "mipro"
      Then "x" was locked at least 1 s before its last change

  @D2 @D3 @S7
  Rule: An optimizer is known by its whole id

    @S7.1
    Scenario Outline: An optimizer's id may have 256 characters <character>
      Given a float variable "temperature" holding 0.7
      When the optimizer a name of 256 characters <character> locks "temperature"
      Then "temperature" is locked by the optimizer a name of 256 characters <character>

      Examples:
        | character |
        | "n"       |
        | "🚀"       |

    @D2.3
    Scenario Outline: The optimizer <other> is not "mipro-é"
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro-é" locked "temperature"
      When "temperature" is set to 0.9, for the optimizer <other>
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "temperature" still holds 0.7 at version 1
      And "temperature" is locked by the optimizer "mipro-é"

      Examples:
        | other           |
        | ""              |
        | " "             |
        | "mipro"         |
        | "mipro-é2"      |
        | "Mipro-é"       |
        | " mipro-é"      |
        | "mipro-é "      |
        | "mipro-e\u0301" |
        | "mipro-e"       |
        | "*"             |
        | "client"        |

    @D2.3
    Scenario Outline: Metadata with "mipro" under <key> is not a call of the optimizer
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When "temperature" is set to 0.9, with the metadata {<key>: "mipro"}
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "temperature" still holds 0.7 at version 1

      Examples:
        | key             |
        | "changed_by"    |
        | "optimizer"     |
        | "Optimizer_id"  |
        | "optimizer_id " |

    @S7.1
    Scenario Outline: A lock for the optimizer <id> is refused, because that is not an id
      Given a float variable "temperature" holding 0.7
      When the optimizer <id> locks "temperature"
      Then it is refused as invalid
      And "temperature" is not locked

      Examples:
        | id                       |
        | ""                       |
        | "line\nbreak"            |
        | "next\u0085line"         |
        | a name of 257 characters |

    @D3.2 @requires_current_fields
    Scenario Outline: The optimizer <other> cannot release what "mipro" has locked
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer <other> releases "temperature"
      Then it is refused with FAILED_PRECONDITION
      And "temperature" is locked by the optimizer "mipro"

      Examples:
        | other    |
        | ""       |
        | "Mipro"  |
        | "mipro " |
        | "mi"     |
        | "mipro2" |

    @D3.1
    Example: A release by force needs no id of an optimizer
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "" releases "temperature" by force
      Then the final value is 0.7
      And "temperature" is not locked

    @D3.4
    Scenario Outline: A variable that nobody has locked cannot be released: <action>
      Given a float variable "temperature" holding 0.7
      When <action>
      Then it is refused with FAILED_PRECONDITION
      And "temperature" is not locked

      Examples:
        | action                                                |
        | the optimizer "" releases "temperature"               |
        | the optimizer "" releases "temperature" by force      |
        | the optimizer "tuner" releases "temperature" by force |

    @D2.3
    Example: An optimizer sets a variable that nobody has locked
      Given a float variable "temperature" holding 0.7
      When "temperature" is set to 0.9, for the optimizer "mipro"
      Then "temperature" holds 0.9 at version 2
      And "temperature" is not locked

    @D3 @D3.2 @requires_current_fields
    Example: Another optimizer cannot release a locked variable by its id
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "copro" releases "temperature", by its id,
      Then it is refused with FAILED_PRECONDITION
      And "temperature" is locked by the optimizer "mipro"

  @D2 @D2.1
  Rule: A lock is that of one variable

    Example: A lock leaves other variables free
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | ab   | float | 1     |
      And the optimizer "mipro" locked "a"
      When "ab" is set to 2
      Then "ab" holds 2.0 at version 2
      And "ab" is not locked

    Example: One optimizer locks several variables, and releases them one by one
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And the optimizer "mipro" locked "a"
      And the optimizer "mipro" locked "b"
      When the optimizer "mipro" releases "a" by force
      Then "a" is not locked
      And "b" is locked by the optimizer "mipro"

    Example: Two optimizers hold a variable each
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      And the optimizer "mipro" locked "a"
      And the optimizer "copro" locked "b"
      When "a" is set to 2, for the optimizer "copro"
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "a" is locked by the optimizer "mipro"
      And "b" is locked by the optimizer "copro"

    Example: A lock leaves the variable of the same name in another session free
      Given a float variable "x" holding 1
      And in session "blue", a float variable "x" holding 1
      And the optimizer "mipro" locked "x"
      When in session "blue", "x" is set to 2
      Then in session "blue", "x" holds 2.0 at version 2
      And in session "blue", "x" is not locked

    Example: A variable that is locked by its id is locked under its name
      Given a float variable "x" holding 1
      And the optimizer "mipro" locked "x", by its id,
      When "x" is set to 2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" is locked by the optimizer "mipro"

    Example: A variable that is locked under its name is locked by its id
      Given a float variable "x" holding 1
      And the optimizer "mipro" locked "x"
      When "x", by its id, is set to 2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" is locked by the optimizer "mipro"

  @D2 @A4
  Rule: A lock is not a change, and a refused call leaves it as it was

    @D2.5
    Example: A lock and its release leave the variable, its history and its watches as they were
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6, with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "x" was noted
      And Ada watches "x"
      And the optimizer "mipro" locked "x"
      When the optimizer "mipro" releases "x" by force
      Then the state of "x" is as noted
      And the history of "x" has the versions 2 down to 1
      And Ada receives nothing else

    @A4.1 @D2.4
    Example: Refused locks, sets and releases leave the holder and the time of a lock
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      And a refused attempt, in which the optimizer "copro" locks "x"
      And a refused attempt, in which the optimizer "mipro" locks "x"
      And a refused attempt, in which "x" is set to 1, for the optimizer "copro"
      When the optimizer "copro" releases "x"
      Then it is refused with FAILED_PRECONDITION
      And the state of "x" is as noted

    @A4.1
    Example: A refused set by its optimizer leaves a variable locked
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      When "x" is set to "half", for the optimizer "mipro"
      Then it is refused as invalid, saying "must be a number"
      And the state of "x" is as noted

    @D2.3
    Example: An expected version is checked for the optimizer as for others
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      When "x" is set to 0.6, expecting version 2, for the optimizer "mipro"
      Then it is refused with ABORTED, saying "1"
      And "x" still holds 0.5 at version 1

    @A4.1 @requires_current_fields
    Example: A refused rollback by its optimizer leaves a variable locked
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      When "x" is rolled back to version 7, for the optimizer "mipro"
      Then it is refused as out of range
      And the state of "x" is as noted

    @A4.1
    Example: A refused batch by its optimizer leaves a variable locked
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      When these are set in an atomic batch, for the optimizer "mipro":
        | name | value  |
        | x    | "half" |
      Then the batch fails for:
        | name | because          |
        | x    | must be a number |
      And the state of "x" is as noted

  @D3 @A10 @D2 @S6
  Rule: A lock ends with its variable

    @D3.1 @A10.2 @requires_current_fields
    Example: A variable that is registered again after a delete is not locked
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And "x" was deleted, for the optimizer "mipro"
      And a float variable "x" holding 0.6
      When "x" is set to 0.7
      Then "x" holds 0.7 at version 2
      And "x" is not locked

    @D3.1 @requires_current_fields
    Example: Another optimizer locks the variable that was registered after a delete
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And "x" was deleted, for the optimizer "mipro"
      And a float variable "x" holding 0.6
      And the optimizer "copro" locked "x"
      When "x" is set to 0.7, for the optimizer "mipro"
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" is locked by the optimizer "copro"

    @D2.1 @requires_current_fields
    Example: A deletion leaves the other variables of its optimizer locked
      Given a float variable "x" holding 0.5
      And a float variable "y" holding 0.5
      And the optimizer "mipro" locked "x"
      And the optimizer "mipro" locked "y"
      When "x" is deleted, for the optimizer "mipro"
      Then there is no variable "x"
      And "y" is locked by the optimizer "mipro"

    @D3.4 @requires_current_fields
    Example: A new variable cannot be released for the lock of its predecessor
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And "x" was deleted, for the optimizer "mipro"
      And a float variable "x" holding 0.6
      When the optimizer "mipro" releases "x"
      Then it is refused with FAILED_PRECONDITION
      And "x" still holds 0.6 at version 1

    @D2.1 @requires_current_fields
    Example: A deletion that a lock refuses leaves the variable locked
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the state of "x" was noted
      And Ada watches "x"
      When "x" is deleted, for the optimizer "copro"
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And the state of "x" is as noted

    @S6.1
    Example: A variable of a new session is not locked by an optimizer of the old one
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the session was cleaned up
      And a float variable "x" holding 0.5
      When "x" is set to 0.6
      Then "x" holds 0.6 at version 2
      And "x" is not locked

  @D3 @D2 @X5
  Rule: After its release, a variable is as free as before

    @D3.1
    Example: Another optimizer locks a variable after its release
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the optimizer "mipro" released "x" by force
      When the optimizer "copro" locks "x"
      Then it is accepted
      And "x" is locked by the optimizer "copro"

    @D2.1
    Example: The earlier holder is refused while another optimizer holds the variable
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the optimizer "mipro" released "x" by force
      And the optimizer "copro" locked "x"
      When "x" is set to 0.6, for the optimizer "mipro"
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" still holds 0.5 at version 1

    @D3.4
    Example: A variable is released once
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the optimizer "mipro" released "x" by force
      When the optimizer "mipro" releases "x" by force
      Then it is refused with FAILED_PRECONDITION
      And "x" still holds 0.5 at version 1

    @D3.1
    Example: The final value is that of the last change by any method
      Given an integer variable "x" holding 1
      And the optimizer "mipro" locked "x"
      And "x" was set to 2, for the optimizer "mipro"
      And these were set in an atomic batch, for the optimizer "mipro":
        | name | value |
        | x    | 3     |
      When the optimizer "mipro" releases "x" by force
      Then the final value is 3
      And "x" still holds 3 at version 3

    @X5.2 @requires_standard_tools
    Scenario Outline: A tool that runs for the optimizer <optimizer> cannot change what "mipro" has locked
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      When the tool "increment" runs with {"name": "count"}, for the optimizer <optimizer>
      Then the tool fails, saying "variable_locked_for_optimization"
      And "count" still holds 1 at version 1

      Examples:
        | optimizer |
        | "copro"   |
        | ""        |
        | "mipro "  |

    @D2 @D2.4
    Example: The time of a second lock is that of the second lock
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      And the optimizer "mipro" released "x" by force
      And in session "blue", repeatedly for 1.2 s, the variables are listed
      When the optimizer "mipro" locks "x"
      Then "x" was locked at least 1 s after its last change
