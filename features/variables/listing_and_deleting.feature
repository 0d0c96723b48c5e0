@variables
Feature: Listing and deleting variables
  The variables of a session can be listed, filtered by a pattern, and deleted.

  @A9
  Rule: Variables are listed in the order of their registration

    Example: All variables are listed
      Given the variables:
        | name  | type    | value                    |
        | zebra | float   | 1                        |
        | ant   | integer | 2                        |
        | horse | string  | "3"                      |
        | bee   | tensor  | float32 array [0.5, 1.5] |
      When the variables are listed
      Then the names listed are "zebra", "ant", "horse" and "bee"

    Example: A set does not change the order of the list
      Given the variables:
        | name  | type  | value |
        | zebra | float | 1     |
        | ant   | float | 2     |
      And "zebra" was set to 3
      When the variables are listed
      Then the names listed are "zebra" and "ant"

    Example: An empty session has an empty list
      Given an open session
      When the variables are listed
      Then no names are listed

  @A9
  Rule: A pattern is a glob that matches the whole name

    Scenario Outline: The pattern <pattern> selects variables by name
      Given the variables:
        | name    | type  | value |
        | model   | float | 1     |
        | model_a | float | 1     |
        | model_b | float | 1     |
        | a_model | float | 1     |
        | mode.l  | float | 1     |
        | [model] | float | 1     |
        | Model   | float | 1     |
      When the variables that match <pattern> are listed
      Then the names listed are <names>

      Examples: stars and question marks
        | pattern   | names                                                           |
        | "model_*" | "model_a" and "model_b"                                         |
        | "*model"  | "model" and "a_model"                                           |
        | "*odel*"  | "model", "model_a", "model_b", "a_model", "[model]" and "Model" |
        | "model_?" | "model_a" and "model_b"                                         |
        | "?odel"   | "model" and "Model"                                             |

      Examples: everything else stands for itself
        | pattern   | names     |
        | "model"   | "model"   |
        | "mode.l"  | "mode.l"  |
        | "[model]" | "[model]" |

    Scenario Outline: The pattern <pattern> matches no variable
      Given a float variable "model" holding 1
      When the variables that match <pattern> are listed
      Then no names are listed

      Examples:
        | pattern   |
        | "mod"     |
        | "odel"    |
        | "[m]odel" |
        | "model?"  |
        | "m.*"     |
        | "^model$" |

  @A10
  Rule: A deleted variable no longer exists

    Example: A deleted variable is not found by its name
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      When "a" is deleted
      Then there is no variable "a"
      And "b" still holds 2.0 at version 1

    Example: A deleted variable is not found by its id
      Given a float variable "a" holding 1
      And "a" was deleted
      When "a", by its old id, is read
      Then it is refused as not found
      And there is still no variable "a"

    Example: A deleted variable is not listed
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And "a" was deleted
      When the variables are listed
      Then the names listed are "b"

    Example: The name of a deleted variable can be registered with another type
      Given a float variable "a" holding 1
      And "a" was deleted
      When "a" is registered as a string holding "one"
      Then "a" holds "one" at version 1
