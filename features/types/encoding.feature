@types
Feature: How values travel
  A value is JSON under a label that names its type, or raw bytes under a header. Whatever is labelled
  wrongly, broken or hostile is refused with a reason, and is never read as zero or as an empty text.

  @V1
  Rule: A value is labelled with its variable's type

    @requires_current_service
    Scenario Outline: <kind> is read under its own label
      Given a <kind> variable "x" holding <value>
      When "x" is read
      Then its type_url is "type.googleapis.com/snakepit.<kind>"

      Examples:
        | kind      | value                       |
        | float     | 0.5                         |
        | integer   | 5                           |
        | string    | "five"                      |
        | boolean   | true                        |
        | module    | "five"                      |
        | embedding | [0.5]                       |
        | tensor    | {"shape": [1], "data": [5]} |

    Example: The older label is read too
      Given a float variable "x" holding 0.5
      When "x" is set to 0.25 under the type_url "dspex.variables/float"
      Then it is accepted
      And "x" holds 0.25 at version 2

    Example: A client of the older service name is answered under the older label
      Given a float variable "x" holding 0.5
      When "x" is read under the older service name
      Then its type_url is "dspex.variables/float"

    Scenario Outline: A float under the label "<url>"
      Given a float variable "x" holding 0.5
      When "x" is set to 0.25 under the type_url "<url>"
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

      Examples: another type
        | url                                  |
        | type.googleapis.com/snakepit.integer |
        | type.googleapis.com/snakepit.string  |
        | dspex.variables/integer              |

      Examples: no type of the bridge
        | url                                         |
        | type.googleapis.com/snakepit.colour         |
        | type.googleapis.com/snakepit.Float          |
        | type.googleapis.com/google.protobuf.DoubleValue |
        | float                                       |
        | type.googleapis.com/snakepit.               |

  @V3
  Rule: What is not strict JSON is refused

    Scenario Outline: The text <text>
      Given a float variable "x" holding 0.5
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

      Examples: broken
        | text   |
        | {      |
        | 0.5,   |
        | 0.5 1  |
        | 'text' |
        | 0x10   |
        | .5     |
        | 01     |
        | +1     |
        | True   |

      Examples: what some parsers let through
        | text      |
        | NaN       |
        | Infinity  |
        | -Infinity |
        | 1e400     |
        | -1e999    |

    Scenario Outline: A whole number of 400 digits in <text>, for <a variable>
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        | text                        |
        | a float variable      | 0.5                         | $N                          |
        | a float variable      | 0.5                         | -$N                         |
        | an integer variable   | 5                           | $N                          |
        | an embedding variable | [0.5]                       | [$N]                        |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [$N]} |

    Scenario Outline: A number beyond a double within <text>
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        | text                             |
        | an embedding variable | [0.5]                       | [0.5, 1e400]                     |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [-1e400]} |

    Scenario Outline: A key that stands twice in <text>
      Given a tensor variable "weights" holding {"shape": [1], "data": [1]}
      When "weights" is set to the text `<text>`
      Then it is refused as invalid
      And "weights" still holds {"shape": [1], "data": [1]} at version 1

      Examples:
        | text                                      |
        | {"shape": [1], "data": [2], "data": [3]}  |
        | {"shape": [1], "shape": [1], "data": [2]} |

    Scenario Outline: The bytes <bytes>
      Given a string variable "x" holding "safe"
      When "x" is set to the bytes `<bytes>`
      Then it is refused as invalid
      And "x" still holds "safe" at version 1

      Examples: not UTF-8
        | bytes       |
        | 22 ff fe 22 |
        | 22 c3 22    |
        | ff          |

      Examples: pickles
        | bytes                |
        | 80 04 4b 01 2e       |
        | 80 03 58 01 00 61 2e |

    Example: An empty text
      Given a float variable "x" holding 0.5
      When "x" is set to the text ``
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    Example: No value
      Given a float variable "x" holding 0.5
      When "x" is set to no value
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    Example: A number of 5,000 digits
      Given a float variable "x" holding 0.5
      When "x" is set to a number of 5000 digits
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    Scenario Outline: Arrays nested <depth> deep
      Given an embedding variable "x" holding [0.5]
      When "x" is set to arrays nested <depth> deep
      Then it is refused as invalid
      And "x" still holds [0.5] at version 1

      Examples:
        | depth  |
        | 65     |
        | 100000 |

  @V4
  Rule: Raw bytes must be just what their header says

    Scenario Outline: <count> bytes under <header>
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `<header>` with <count> bytes
      Then it is refused as invalid
      And "weights" still holds float32 array [1.5, 2.5] at version 1

      Examples: too short, too long
        | count | header                                                                             |
        | 23    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}    |
        | 25    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}    |
        | 0     | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float64", "binary_format": "raw"}    |

      Examples: sizes that no machine has
        | count | header                                                                                          |
        | 8     | {"type": "tensor", "shape": [4611686018427387904, 4], "dtype": "float32", "binary_format": "raw"} |
        | 8     | {"type": "tensor", "shape": [99999999999], "dtype": "float32", "binary_format": "raw"}          |

      Examples: headers that say something else
        | count | header                                                                              |
        | 24    | {"type": "embedding", "shape": [6], "dtype": "float32", "binary_format": "raw"}     |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float16", "binary_format": "raw"}     |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "object", "binary_format": "raw"}      |
        | 24    | {"type": "tensor", "shape": [-2, -3], "dtype": "float32", "binary_format": "raw"}   |
        | 24    | {"type": "tensor", "shape": "2,3", "dtype": "float32", "binary_format": "raw"}      |
        | 24    | {"shape": [2, 3]                                                                    |
        | 24    | []                                                                                  |

    Example: Bytes beside a value in JSON
      Given a tensor variable "weights" holding {"shape": [1], "data": [1]}
      When "weights" is set to {"shape": [1], "data": [2]} with 4 stray bytes
      Then it is refused as invalid
      And "weights" still holds {"shape": [1], "data": [1]} at version 1

    Scenario Outline: A <kind> cannot be raw bytes
      Given a <kind> variable "x" holding <value>
      When "x" is set to the header `{"type": "<kind>", "shape": [1], "dtype": "float64", "binary_format": "raw"}` with 8 bytes
      Then it is refused as invalid
      And "x" still holds <value> at version 1

      Examples:
        | kind    | value  |
        | float   | 0.5    |
        | integer | 5      |
        | string  | "five" |
        | boolean | true   |
        | module  | "five" |

  @V4
  Rule: What was written as JSON is read as JSON, what was written as bytes is read as bytes

    Example: A small array written as JSON
      Given an embedding variable "query" holding [0.5, 0.25]
      When "query" is read
      Then its value is in JSON

    Example: A small array written as bytes
      Given an embedding variable "query" holding float32 array [0.5, 0.25]
      When "query" is read
      Then its value is in raw bytes

  @V5
  Rule: Nothing is ever unpickled

    Scenario Outline: The binary format <format>
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `{"type": "tensor", "shape": [2], "dtype": "float32", "binary_format": "<format>"}` with 8 bytes
      Then it is refused as invalid
      And "weights" still holds float32 array [1.5, 2.5] at version 1

      Examples:
        | format        |
        | pickle        |
        | erlang_binary |
        | npy           |
        | RAW           |

  @V1 @V3 @V4 @V5
  Rule: A variable cannot begin as what it cannot be set to

    Scenario Outline: A float as the text <text>
      When "x" is registered as a float holding the text `<text>`
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | text  |
        | {     |
        | 0.5 1 |
        | NaN   |
        | 1e400 |

    Scenario Outline: A float under the label "<url>"
      When "x" is registered as a float holding 0.25 under the type_url "<url>"
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | url                                  |
        | type.googleapis.com/snakepit.integer |
        | type.googleapis.com/snakepit.colour  |

    Scenario Outline: A tensor as <count> bytes under <header>
      When "x" is registered as a tensor holding the header `<header>` with <count> bytes
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | count | header                                                                                |
        | 23    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}       |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float16", "binary_format": "raw"}       |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "pickle"}    |
        | 24    | {"type": "embedding", "shape": [6], "dtype": "float32", "binary_format": "raw"}       |

  @V1 @V3 @V4 @V5
  Rule: In a batch it is an error of that entry

    Scenario Outline: A float as the text <text>
      Given a float variable "x" holding 0.5
      When these are set in a non-atomic batch:
        | name | value             |
        | x    | the text `<text>` |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds 0.5 at version 1

      Examples:
        | text  |
        | {     |
        | NaN   |
        | 1e400 |

    Scenario Outline: A float under the label "<url>"
      Given a float variable "x" holding 0.5
      When these are set in a non-atomic batch:
        | name | value                            |
        | x    | 0.25 under the type_url "<url>" |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds 0.5 at version 1

      Examples:
        | url                                  |
        | type.googleapis.com/snakepit.integer |
        | type.googleapis.com/snakepit.colour  |

    Scenario Outline: A tensor as <count> bytes under <header>
      Given a tensor variable "x" holding float32 array [1.5, 2.5]
      When these are set in a non-atomic batch:
        | name | value                                    |
        | x    | the header `<header>` with <count> bytes |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds float32 array [1.5, 2.5] at version 1

      Examples:
        | count | header                                                                             |
        | 23    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "pickle"} |
