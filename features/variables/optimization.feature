@variables
Feature: Optimization
  An optimizer that tries one value after the other needs a variable for itself: it locks the variable, works on it,
  and releases it. Changes by others are refused in the meantime, with the reason.

  @D2
  Rule: Only the optimizer that locked a variable can change it

    Example: The optimization status of a variable names the optimizer
      Given a float variable "temperature" holding 0.7
      And "temperature" is not locked
      When the optimizer "mipro" locks "temperature"
      Then it is accepted
      And "temperature" is locked by the optimizer "mipro"
      And "temperature" still holds 0.7 at version 1

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

    @requires_standard_tools
    Example: A tool cannot change a locked variable
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      When the tool "increment" runs with {"name": "count"}
      Then the tool fails, saying "variable_locked_for_optimization"
      And "count" still holds 1 at version 1

    @requires_standard_tools @X5
    Example: A tool that runs for the optimizer can change the locked variable
      Given an integer variable "count" holding 1
      And the optimizer "mipro" locked "count"
      When the tool "increment" runs with {"name": "count"}, for the optimizer "mipro"
      Then the tool answers 2
      And "count" holds 2 at version 2

    Example: The optimizer can set the variable that it locked
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When "temperature" is set to 0.9, for the optimizer "mipro"
      Then "temperature" holds 0.9 at version 2
      And "temperature" is locked by the optimizer "mipro"

    @requires_current_fields
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

    @requires_current_fields
    Example: The optimizer can delete the variable that it locked
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When "temperature" is deleted, for the optimizer "mipro"
      Then there is no variable "temperature"

    Example: A locked variable can be read and watched
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And Ada watches "temperature", with initial values
      When "temperature" is set to 0.9, for the optimizer "mipro"
      Then Ada receives:
        | update        | value | version |
        | initial value | 0.7   | 1       |
        | value change  | 0.9   | 2       |

    Scenario Outline: A second lock by <optimizer> is refused and names the first optimizer
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "<optimizer>" locks "temperature"
      Then it is refused with FAILED_PRECONDITION, saying "mipro"
      And "temperature" is locked by the optimizer "mipro"

      Examples:
        | optimizer |
        | copro     |
        | mipro     |

    Example: A variable that does not exist cannot be locked
      Given an open session
      When the optimizer "mipro" locks "nothing_here"
      Then it is refused as not found
      And the session is open

  @D3
  Rule: Releasing a variable ends the lock and answers the final value

    @requires_current_fields
    Example: The optimizer releases the variable and gets the final value
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And "temperature" was set to 0.9, for the optimizer "mipro"
      When the optimizer "mipro" releases "temperature"
      Then the final value is 0.9
      And "temperature" is not locked

    @requires_current_fields
    Example: A released variable can be changed by every client
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      And the optimizer "mipro" released "temperature"
      When "temperature" is set to 0.5
      Then "temperature" holds 0.5 at version 2

    @requires_current_fields
    Example: The final value can be an array in raw bytes
      Given a tensor variable "weights" holding float32 array [0.5, 1.5]
      And the optimizer "mipro" locked "weights"
      When the optimizer "mipro" releases "weights"
      Then the final value is float32 array [0.5, 1.5]
      And "weights" is not locked

    @requires_current_fields
    Example: Another optimizer cannot release a locked variable
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "copro" releases "temperature"
      Then it is refused with FAILED_PRECONDITION
      And "temperature" is locked by the optimizer "mipro"

    Example: Another optimizer can release a locked variable by force
      Given a float variable "temperature" holding 0.7
      And the optimizer "mipro" locked "temperature"
      When the optimizer "copro" releases "temperature" by force
      Then the final value is 0.7
      And "temperature" is not locked

    @soak
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

    Example: A variable that is not locked cannot be released
      Given a float variable "temperature" holding 0.7
      When the optimizer "mipro" releases "temperature"
      Then it is refused with FAILED_PRECONDITION
      And "temperature" still holds 0.7 at version 1
