@variables
Feature: Registering variables
  A variable is registered with a name, a type and a first value, and begins at version 1.

  @A1
  Rule: A registration answers the complete variable

    @A1.1 @A1.3
    Example: The registration of a learning rate answers the complete variable
      When "learning_rate" is registered as a float holding 0.01, under the constraints {"min": 0, "max": 1}
      Then the answer is a variable with:
        | name          | type  | value | version | constraints          |
        | learning_rate | float | 0.01  | 1       | {"min": 0, "max": 1} |
      And the id of "learning_rate" begins with "var_learning_rate_"
      And "learning_rate", by its id, holds 0.01 at version 1

    @A1.1
    Example: The id of a variable contains a name with a space and other characters
      When "Tür 東京" is registered as a float holding 0.01
      Then the id of "Tür 東京" begins with "var_Tür 東京_"
      And "Tür 東京", by its id, holds 0.01 at version 1

    @A1.3
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

    @A1.1
    Example: Two variables have different ids
      Given a float variable "a" holding 1
      When "b" is registered as a float holding 2
      Then "a" and "b" have different ids
      And "a" holds 1.0 at version 1
      And "b" holds 2.0 at version 1

    @A1.1
    Scenario Outline: The name <name> is valid
      When <name> is registered as a float holding 0.5
      Then <name> holds 0.5 at version 1

      Examples:
        | name           |
        | "x"            |
        | "with space"   |
        | "dots.and-s/s" |
        | "Tür 東京 🚀"     |
        | "var_x_1"      |
        | "*"            |

  @A1 @A1.2
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

  @T @T.1
  Rule: There are eight types

    Scenario Outline: A variable of the unknown type <kind> cannot be registered
      When "x" is registered as an unknown type "<kind>" holding "text"
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | kind        |
        | colour      |
        | Float       |
        | number      |
        | any         |
        | json        |
        | unknown     |
        | constructor |
        | __proto__   |

    Example: A variable cannot be registered without a type
      When "x" is registered as an unknown type "" holding 0.5 under the type_url "type.googleapis.com/snakepit.float"
      Then it is refused as invalid
      And there is no variable "x"

    Scenario Outline: A variable cannot be registered with the type <kind>, although its value is a <type>
      When "x" is registered as an unknown type "<kind>" holding <value> under the type_url "<url>"
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | kind          | type    | value                       | url                                  |
        | Float         | float   | 0.5                         | type.googleapis.com/snakepit.float   |
        | double        | float   | 0.5                         | type.googleapis.com/snakepit.float   |
        | int           | integer | 5                           | type.googleapis.com/snakepit.integer |
        | bool          | boolean | true                        | type.googleapis.com/snakepit.boolean |
        | str           | string  | "five"                      | type.googleapis.com/snakepit.string  |
        | tensor.binary | tensor  | {"shape": [1], "data": [5]} | type.googleapis.com/snakepit.tensor  |

    Example: A variable cannot be registered with a type that has a blank at its end
      When "x" is registered as an unknown type "float " holding 0.5 under the type_url "type.googleapis.com/snakepit.float"
      Then it is refused as invalid
      And there is no variable "x"

  @S7 @A9 @S7.3
  Rule: A session may have 1,000 variables, and a message 8 MiB

    @A9.1
    Example: The thousandth variable of a session is accepted, and all are listed
      Given 999 integer variables "v" holding 0 and up
      And an integer variable "v999" holding 999
      When the variables are listed
      Then the answer has the 1000 variables "v", holding 0 and up at version 1

    Example: A set in a message of 8 MiB is accepted
      Given a string variable "text" holding "short"
      When "text" is set in a message of 8388608 bytes
      Then it is accepted
      And "text" is at version 2

    Example: An array in JSON of 2.5 MB is accepted
      When "query" is registered as an embedding holding a list of 300000 numbers
      Then "query" holds a list of 300000 numbers at version 1

    @requires_standard_tools
    Example: A tool takes and answers a text of 6 MB
      Given an open session
      When the tool "echo" runs with the parameter "message" as a text of 6000000 characters
      Then the tool answers a text of 6000000 characters

    Example: A batch in a message of 6 MB is accepted
      Given the variables:
        | name  | type   | value |
        | left  | string | "a"   |
        | right | string | "b"   |
      When these are set in an atomic batch:
        | name  | value                        |
        | left  | a text of 3000000 characters |
        | right | a text of 3000000 characters |
      Then the batch succeeds
      And "left" is at version 2

  @S7 @S7.1
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

    Scenario Outline: A name of 256 characters <character> is valid
      When a name of 256 characters <character> is registered as a float holding 0.5
      Then it is accepted

      Examples:
        | character |
        | "é"       |
        | "東"       |
        | "🚀"       |

    Scenario Outline: A name of 257 characters <character> is refused
      When a name of 257 characters <character> is registered as a float holding 0.5
      Then it is refused as invalid
      And no variable exists

      Examples:
        | character |
        | "é"       |
        | "🚀"       |
        | "\u0301"  |

    Scenario Outline: The name <name>, which has control characters beyond ASCII, is refused
      When <name> is registered as a float holding 0.5
      Then it is refused as invalid
      And no variable exists

      Examples:
        | name             |
        | "pad\u0080"      |
        | "next\u0085line" |
        | "csi\u009b"      |
        | "apc\u009f"      |

  @A1 @A2 @S7 @A3
  Rule: Every character that is not a control character may be in a name, and makes it another name

    @S7.1 @A2.1
    Scenario Outline: The name <name>, which has unusual characters, is registered as it is
      When <name> is registered as a float holding 0.5
      Then <name> holds 0.5 at version 1
      And <name>, by its id, holds 0.5 at version 1

      Examples: signs that have a meaning elsewhere
        | name              |
        | "a/b"             |
        | "../x"            |
        | ".hidden"         |
        | "{a,b}"           |
        | "[a]"             |
        | "back\\slash"     |
        | "per%20cent"      |
        | "quote\"d"        |
        | "a'b; DROP TABLE" |
        | "a:b@c"           |
        | "NULL"            |
        | "0"               |
        | "__proto__"       |
        | "constructor"     |

      Examples: blanks and signs that are not seen
        | name          |
        | " "           |
        | " x"          |
        | "x "          |
        | "\u00a0"      |
        | "soft\u00ad"  |
        | "\ufeffx"     |
        | "zero\u200bx" |
        | "line\u2028x" |
        | "\u202eright" |
        | "\uffff"      |

      Examples: other scripts, and characters of several code points
        | name           |
        | "é"            |
        | "e\u0301"      |
        | "Ångström"     |
        | "Ελλάδα"       |
        | "👩‍👩‍👧"        |
        | "\ud83d\ude80" |

    @A1.2
    Scenario Outline: The names <name> and <other> are different
      Given a float variable <name> holding 1
      And a float variable <other> holding 2
      When <other> is set to 3
      Then <name> still holds 1.0 at version 1
      And <other> holds 3.0 at version 2
      And <name> and <other> have different ids

      Examples:
        | name     | other     |
        | "é"      | "e\u0301" |
        | "x"      | "_"       |
        | "x"      | "x "      |
        | "x"      | "\ufeffx" |
        | "straße" | "strasse" |
        | "K"      | "\u212a"  |
        | "ﬁ"      | "fi"      |
        | "İ"      | "i\u0307" |
        | "a/b"    | "a\\b"    |
        | "1"      | "01"      |

    @A3.3
    Example: Keys of metadata may have capitals, and values more than 255 characters
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"Run ID": "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}
      Then the metadata of "x" contains {"Run ID": "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"}

    @A3.3
    Example: Metadata may have any text in its keys and its values
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"schlüssel 🚀": "e\u0301\r\n\u0000", "empty": "", "a.b/c": " ", "__proto__": "x"}
      Then the metadata of "x" contains {"schlüssel 🚀": "e\u0301\r\n\u0000", "empty": "", "a.b/c": " ", "__proto__": "x"}

    @A3.3
    Example: Keys of metadata are kept as they are, and are different keys
      Given a float variable "x" holding 0.5
      When "x" is set to 0.6, with the metadata {"é": "one", "e\u0301": "two", "": "three", "the key of the run of the nightly evaluation of the reward model in the west": "12"}
      Then the metadata of "x" contains {"é": "one", "e\u0301": "two", "": "three", "the key of the run of the nightly evaluation of the reward model in the west": "12"}
