@variables
Feature: Listing and deleting variables
  The variables of a session can be listed, filtered by a pattern, and deleted.

  @A9
  Rule: Variables are listed in the order of their registration

    @A9.1 @A9.3
    Example: All variables are listed
      Given the variables:
        | name  | type    | value                    |
        | zebra | float   | 1                        |
        | ant   | integer | 2                        |
        | horse | string  | "3"                      |
        | bee   | tensor  | float32 array [0.5, 1.5] |
      When the variables are listed
      Then the names listed are "zebra", "ant", "horse" and "bee"

    @A9.1
    Example: A set does not change the order of the list
      Given the variables:
        | name  | type  | value |
        | zebra | float | 1     |
        | ant   | float | 2     |
      And "zebra" was set to 3
      When the variables are listed
      Then the names listed are "zebra" and "ant"

    @A9.1
    Example: Names that are numbers are listed in the order of their registration
      Given the variables:
        | name | type  | value |
        | b    | float | 1     |
        | 10   | float | 2     |
        | 9    | float | 3     |
        | a    | float | 4     |
      When the variables are listed
      Then the names listed are "b", "10", "9" and "a"

    @A9.3
    Example: An empty session has an empty list
      Given an open session
      When the variables are listed
      Then no names are listed

  @A9 @A9.2
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

    @A10.1
    Example: A deleted variable is not found by its name
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      When "a" is deleted
      Then there is no variable "a"
      And "b" still holds 2.0 at version 1

    @A10.1
    Example: A deleted variable is not found by its id
      Given a float variable "a" holding 1
      And "a" was deleted
      When "a", by its old id, is read
      Then it is refused as not found
      And there is still no variable "a"

    @A10.1
    Example: A deleted variable is not listed
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
      And "a" was deleted
      When the variables are listed
      Then the names listed are "b"

    @A10.2
    Example: The name of a deleted variable can be registered with another type
      Given a float variable "a" holding 1
      And "a" was deleted
      When "a" is registered as a string holding "one"
      Then "a" holds "one" at version 1

  @A9 @A9.2
  Rule: A question mark stands for any one character, and only it and the star are special

    Scenario Outline: The pattern <pattern> selects <names> of names beyond ASCII
      Given a float variable "aéb" holding 1
      And a float variable "ae\u0301b" holding 1
      And a float variable "a🚀b" holding 1
      And a float variable "AÉB" holding 1
      When the variables that match <pattern> are listed
      Then the names listed are <names>

      Examples:
        | pattern     | names                         |
        | "a?b"       | "aéb" and "a🚀b"              |
        | "a??b"      | "ae\u0301b"                   |
        | "aéb"       | "aéb"                         |
        | "ae\u0301*" | "ae\u0301b"                   |
        | "*\u0301*"  | "ae\u0301b"                   |
        | "?🚀?"      | "a🚀b"                        |
        | "a*b"       | "aéb", "ae\u0301b" and "a🚀b" |
        | "*É*"       | "AÉB"                         |
        | "???"       | "aéb", "a🚀b" and "AÉB"       |

    Scenario Outline: The pattern <pattern> selects <names> of names with special signs
      Given the variables:
        | name    | type  | value |
        | a/b     | float | 1     |
        | .hidden | float | 1     |
        | {a,b}   | float | 1     |
        | [ab]    | float | 1     |
        | a+b     | float | 1     |
        | (a)     | float | 1     |
        | a$      | float | 1     |
        | !a      | float | 1     |
      And a float variable "a\\b" holding 1
      And a float variable "a\\" holding 1
      And a float variable "a\u2028b" holding 1
      When the variables that match <pattern> are listed
      Then the names listed are <names>

      Examples: a star and a question mark stand for any sign
        | pattern   | names                               |
        | "a*b"     | "a/b", "a+b", "a\\b" and "a\u2028b" |
        | "a?b"     | "a/b", "a+b", "a\\b" and "a\u2028b" |
        | "*hidden" | ".hidden"                           |
        | "?hidden" | ".hidden"                           |
        | "**b"     | "a/b", "a+b", "a\\b" and "a\u2028b" |
        | "a*/*b"   | "a/b"                               |

      Examples: every other sign stands for itself
        | pattern | names            |
        | "{a,b}" | "{a,b}"          |
        | "[ab]"  | "[ab]"           |
        | "a+b"   | "a+b"            |
        | "(a)"   | "(a)"            |
        | "a$"    | "a$"             |
        | "!a"    | "!a"             |
        | "a\\*"  | "a\\b" and "a\\" |
        | "a\\?"  | "a\\b"           |
        | "a\\"   | "a\\"            |
        | ".*"    | ".hidden"        |

    Scenario Outline: The pattern <pattern>, which would match elsewhere, matches nothing
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | ab   | float | 1     |
        | A    | float | 1     |
      When the variables that match <pattern> are listed
      Then no names are listed

      Examples:
        | pattern  |
        | "{a,ab}" |
        | "[a]"    |
        | "[!x]"   |
        | "[a-z]"  |
        | "a\\b"   |
        | "\\a"    |
        | "a+"     |
        | "a\|ab"  |
        | "!(x)"   |
        | "a%"     |
        | "a_"     |
        | " a"     |
        | "a???*"  |
        | "ab*?"   |

    Example: A pattern with many stars is matched without delay
      Given a float variable "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" holding 1
      And a float variable "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab" holding 1
      When the variables that match "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b" are listed
      Then the names listed are "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"

  @A1 @A9
  Rule: A list has every variable, completely, and as of now

    @A9.1
    Example: A list of two hundred variables has all of them, in order
      Given 200 integer variables "v" holding 5 and up
      When the variables are listed
      Then the answer has the 200 variables "v", holding 5 and up at version 1

    @A9.1 @A9.2
    Example: A list by pattern has all of the two hundred variables that match, in order
      Given 200 integer variables "v" holding 5 and up
      And an integer variable "other" holding 1
      When the variables that match "v*" are listed
      Then the answer has the 200 variables "v", holding 5 and up at version 1

    @A1.3
    Scenario Outline: A list of <which> has every field of a variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      And the optimizer "mipro" locked "rate"
      And the state of "rate" was noted
      When <list>
      Then the answer has the state of "rate" as noted

      Examples:
        | which            | list                                     |
        | all variables    | the variables are listed                 |
        | those that match | the variables that match "r*" are listed |

    @A9.1
    Example: A variable that is registered again comes last in the list
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "a" was deleted
      And a float variable "a" holding 4
      When the variables are listed
      Then the names listed are "b", "c" and "a"

    @A9.1
    Example: Neither a rollback nor a lock changes the order of the list
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "a" was set to 2
      And "a" was rolled back to version 1
      And the optimizer "mipro" locked "b"
      When the variables are listed
      Then the names listed are "a", "b" and "c"

  @A10
  Rule: A deletion leaves nothing of the variable

    @A10.2 @requires_current_fields
    Example: A variable that is registered again has nothing of the deleted one
      Given a float variable "x" holding 0.5 with:
        | max |
        | 1   |
      And "x" was set to 0.6, with the metadata {"reason": "tuning", "source": "elixir", "changed_by": "Ada"}
      And the optimizer "mipro" locked "x"
      And "x" was deleted, for the optimizer "mipro"
      And a float variable "x" holding 5
      When "x" is set to 7
      Then "x" holds 7.0 at version 2
      And "x" is not locked
      And the source of "x" is PYTHON
      And the history of "x" is:
        | version | value | changed by | metadata |
        | 2       | 7     | client     | {}       |
        | 1       | 5     | client     | {}       |

    @A10.2
    Example: A variable that is registered again has no versions of the deleted one
      Given a float variable "x" holding 0.5
      And "x" was set to 0.6
      And "x" was set to 0.7
      And "x" was deleted
      And a float variable "x" holding 0.9
      When "x" is rolled back to version 2
      Then it is refused as out of range
      And "x" still holds 0.9 at version 1

    @A10.1
    Scenario Outline: A deleted variable is not found when <action>
      Given a float variable "x" holding 0.5
      And a float variable "y" holding 0.5
      And "x" was deleted
      When <action>
      Then it is refused as not found
      And "y" still holds 0.5 at version 1

      Examples:
        | action                                                              |
        | "x", by its old id, is set to 0.6                                   |
        | "x", by its old id, is deleted                                      |
        | "x", by its old id, is rolled back to version 1                     |
        | the newest 0 entries in the history of "x", by its old id, are read |
        | the optimizer "mipro" locks "x", by its old id,                     |
        | the optimizer "mipro" releases "x", by its old id,                  |
        | a "follows" dependency of "y" on "x", by its old id, is added       |
        | a "follows" dependency of "x", by its old id, on "y" is added       |
