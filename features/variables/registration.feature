@variables
Feature: Registering variables
  A variable is registered with a name, a type and a first value, and begins at version 1.

  @A1
  Rule: A registration answers the complete variable

    Example: The registration of a learning rate answers the complete variable
      When "learning_rate" is registered as a float holding 0.01, under the constraints {"min": 0, "max": 1}
      Then the answer is a variable with:
        | name          | type  | value | version | constraints          |
        | learning_rate | float | 0.01  | 1       | {"min": 0, "max": 1} |
      And the id of "learning_rate" begins with "var_learning_rate_"
      And "learning_rate", by its id, holds 0.01 at version 1

    Example: A registration records its metadata, its source and its author
      Given an open session
      And Ada watches every variable
      When "learning_rate" is registered as a float holding 0.01, with the metadata {"author": "Cy", "reason": "tuning", "source": "elixir", "changed_by": "Ben"}
      Then the answer is a variable with:
        | source | metadata             |
        | ELIXIR | {"reason": "tuning"} |
      And the metadata of "learning_rate" contains {"reason": "tuning"}
      And the history of "learning_rate" is:
        | version | value | changed by | metadata                             |
        | 1       | 0.01  | Ben        | {"author": "Cy", "reason": "tuning"} |
      And Ada receives:
        | update     | variable      | version | changed by | metadata                             |
        | registered | learning_rate | 1       | Ben        | {"author": "Cy", "reason": "tuning"} |

    Example: Two variables have different ids
      Given a float variable "a" holding 1
      When "b" is registered as a float holding 2
      Then "a" and "b" have different ids
      And "a" holds 1.0 at version 1
      And "b" holds 2.0 at version 1

    Scenario Outline: The name <name> is valid
      When <name> is registered as a float holding 0.5
      Then <name> holds 0.5 at version 1

      Examples:
        | name           |
        | "x"            |
        | "with space"   |
        | "dots.and-s/s" |
        | "Tür 東京 🚀"  |
        | "var_x_1"      |
        | "*"            |

  @A1
  Rule: A name is unique in its session

    Example: A second registration of a name is refused
      Given a float variable "x" holding 0.5
      When "x" is registered as a float holding 0.75
      Then it is refused as already existing
      And "x" still holds 0.5 at version 1

    Example: A second registration of a name with another type is refused
      Given a float variable "x" holding 0.5
      When "x" is registered as a string holding "half"
      Then it is refused as already existing
      And "x" still holds 0.5 at version 1

    Example: Names that differ in case are different names
      Given a float variable "x" holding 0.5
      When "X" is registered as a float holding 0.75
      Then "X" holds 0.75 at version 1
      And "x" still holds 0.5 at version 1

  @T
  Rule: There are eight types

    Scenario Outline: A variable of the unknown type <kind> cannot be registered
      When "x" is registered as an unknown type "<kind>" holding "text"
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | kind    |
        | colour  |
        | Float   |
        | number  |
        | unknown |

  @S7
  Rule: A name has 1 to 256 characters and no control characters

    Scenario Outline: A name of <count> characters is valid
      When a name of <count> characters is registered as a float holding 0.5
      Then it is accepted

      Examples:
        | count |
        | 1     |
        | 256   |

    Scenario Outline: A name of <count> characters is refused
      When a name of <count> characters is registered as a float holding 0.5
      Then it is refused as invalid
      And no variable exists

      Examples:
        | count |
        | 0     |
        | 257   |

    Scenario Outline: The name <name>, which has control characters, is refused
      When <name> is registered as a float holding 0.5
      Then it is refused as invalid
      And no variable exists

      Examples:
        | name           |
        | "line\nbreak"  |
        | "bell\u0007"   |
        | "nul\u0000nul" |
        | "del\u007f"    |
