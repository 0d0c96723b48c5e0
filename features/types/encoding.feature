@types
Feature: How values travel
  A value is JSON with a type_url that names its type, or raw bytes with a header. Values with a wrong type_url, and
  malformed or hostile values, are refused with a reason; they are never taken for zero or for an empty text.

  @V1
  Rule: The type_url of a value names its variable's type

    @V1.1 @requires_current_service
    Scenario Outline: The type_url of a <kind> names its type
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

    @V1.2
    Scenario Outline: The older form of the type_url is accepted for <value>
      Given a <kind> variable "x" holding <held>
      When "x" is set to <value> under the type_url "dspex.variables/<label>"
      Then it is accepted
      And "x" holds <value> at version 2

      Examples:
        | kind      | held                        | value                       | label            |
        | float     | 0.5                         | 0.25                        | float            |
        | embedding | [0.5]                       | [0.25]                      | embedding        |
        | tensor    | {"shape": [1], "data": [1]} | {"shape": [1], "data": [2]} | tensor           |
        | tensor    | {"shape": [1], "data": [1]} | float32 array [0.5, 1.5]    | tensor.binary    |
        | integer   | 5                           | 7                           | integer          |
        | string    | "a"                         | "b"                         | string           |
        | boolean   | true                        | false                       | boolean          |
        | module    | "a"                         | "b"                         | module           |
        | embedding | [0.5]                       | float32 array [0.5, 1.5]    | embedding.binary |

    @V1.2
    Example: A variable can be registered with the older form of the type_url
      When "x" is registered as a float holding 0.25 under the type_url "dspex.variables/float"
      Then "x" holds 0.25 at version 1

    @V1.2
    Example: The older form of the type_url is accepted in a batch
      Given a float variable "x" holding 0.5
      When these are set in an atomic batch:
        | name | value                                           |
        | x    | 0.25 under the type_url "dspex.variables/float" |
      Then the batch succeeds
      And "x" holds 0.25 at version 2

    @V1.2 @requires_older_service
    Scenario Outline: A client of the older service name gets the older form of the type_url in <an answer>
      Given a float variable "x" holding 0.5
      And "x" was read
      When under the older service name, <call>
      Then its type_url is "dspex.variables/float"

      Examples:
        | an answer                     | call                                                                 |
        | a read                        | "x" is read                                                          |
        | a list                        | the variables are listed                                             |
        | a batch read                  | "x" and "x", by its id, are read in one call                         |
        | a batch read without metadata | "x" and "x", by its id, are read in one call, without their metadata |
        | an opening                    | the session is opened again                                          |
        | a rollback                    | "x" is rolled back to version 1                                      |
        | a history                     | the newest 1 entries in the history of "x" are read                  |

    @V1.2 @requires_older_service
    Example: A client of the older service name gets the older form of the type_url in the release of a lock
      Given a float variable "x" holding 0.5
      And the optimizer "mipro" locked "x"
      When under the older service name, the optimizer "mipro" releases "x" by force
      Then its type_url is "dspex.variables/float"

    @V1.2 @requires_older_service @requires_standard_tools
    Example: A client of the older service name gets the older form of the type_url in the result of a tool
      Given an open session
      When under the older service name, the tool "add" runs with {"a": 1.0, "b": Infinity}
      Then its type_url is "dspex.variables/float"

    @V1.1 @V1.2 @requires_current_service @requires_older_service
    Example: Watches of both service names receive the form of the type_url of their own name
      Given a float variable "x" holding 0.5
      And under the older service name, Ada watches "x", with initial values
      And Ben watches "x", with initial values
      When "x" is set to 0.6
      Then Ada receives 2 updates with the type_url "dspex.variables/float"
      And Ben receives 2 updates with the type_url "type.googleapis.com/snakepit.float"

    @V1.2 @requires_older_service
    Scenario Outline: A client of the older service name gets the older form of the type_url of <value>
      Given a tensor variable "x" holding <value>
      When under the older service name, "x" is read
      Then its type_url is "dspex.variables/<label>"

      Examples:
        | value                       | label         |
        | {"shape": [1], "data": [5]} | tensor        |
        | float32 array [0.5, 1.5]    | tensor.binary |

    @V1.1
    Scenario Outline: The JSON text <text> may have white space around its parts
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then "x" holds <value> at version 2

      Examples:
        | a variable            | held                        | text                               | value                       |
        | an embedding variable | [0.5]                       | [ 0.25 , 1 ]                       | [0.25, 1]                   |
        | a tensor variable     | {"shape": [1], "data": [1]} | { "shape" : [ 1 ], "data" : [ 2 ]} | {"shape": [1], "data": [2]} |

    @V1.1
    Scenario Outline: The JSON text <text> of <a variable> may have white space around it
      Given <a variable> "x" holding <held>
      When "x" is set to the text ` <text> `
      Then "x" holds <text> at version 2

      Examples:
        | a variable          | held  | text  |
        | an integer variable | 5     | 42    |
        | a float variable    | 0.5   | 0.25  |
        | a boolean variable  | false | true  |
        | a string variable   | "a"   | "b c" |
        | a module variable   | "a"   | "b"   |

    @V1.3
    Scenario Outline: <value> with the type_url of another type is refused for <a variable>
      Given <a variable> "x" holding <held>
      When "x" is set to <value> under the type_url "type.googleapis.com/snakepit.<type>"
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable          | held | value | type    |
        | a float variable    | 5.0  | 7     | integer |
        | an integer variable | 5    | 7     | float   |
        | a module variable   | "a"  | "b"   | string  |
        | a string variable   | "a"  | "b"   | module  |

    @V1.3
    Scenario Outline: A float with the type_url "<url>" is refused
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
        | url                                             |
        | type.googleapis.com/snakepit.colour             |
        | type.googleapis.com/snakepit.Float              |
        | type.googleapis.com/snakepit.json               |
        | type.googleapis.com/google.protobuf.DoubleValue |
        | type.googleapis.com/float                       |
        | dspex.variables/snakepit.float                  |
        | float                                           |
        | snakepit.float                                  |
        | example.com/snakepit.float                      |
        | Type.GoogleAPIs.com/snakepit.float              |
        | type.googleapis.com/snakepit.float/             |
        | https://type.googleapis.com/snakepit.float      |
        |                                                 |
        | type.googleapis.com/snakepit.                   |

    @V1.3
    Scenario Outline: A choice with the type_url of a <type> is refused
      Given a choice variable "x" holding "a" with:
        | choices    |
        | ["a", "b"] |
      When "x" is set to "b" under the type_url "type.googleapis.com/snakepit.<type>"
      Then it is refused as invalid
      And "x" still holds "a" at version 1

      Examples:
        | type   |
        | string |
        | module |

    @V1.2
    Example: The older form of the type_url is accepted for a choice
      Given a choice variable "x" holding "a" with:
        | choices    |
        | ["a", "b"] |
      When "x" is set to "b" under the type_url "dspex.variables/choice"
      Then "x" holds "b" at version 2

    @V1.2 @requires_older_service
    Example: Updates of every kind have the older form of the type_url under the older service name
      Given a float variable "first" holding 0.5
      And a float variable "second" holding 0.5
      And a "follows" dependency of "second" on "first" was added
      And under the older service name, Ada watches every variable
      And "first" was set to 0.6
      And a float variable "third" holding 0.5
      When "third" is deleted
      Then Ada receives 4 updates with the type_url "dspex.variables/float"

  @V3
  Rule: A value that is not strict JSON is refused

    @V3.1 @V3.2
    Scenario Outline: The malformed JSON text <text> is refused
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
        | 5.     |
        | 0.5e   |

      Examples: what some parsers let through
        | text           |
        | NaN            |
        | Infinity       |
        | -Infinity      |
        | 1e400          |
        | -1e999         |
        | /* half */ 0.5 |
        | 0.5 // half    |
        | 0.5 # half     |

    @V3.1 @V3.2
    Scenario Outline: The malformed array <text> is refused
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples: no JSON
        | a variable            | held                        | text                         |
        | an embedding variable | [0.5]                       | [0.5,]                       |
        | an embedding variable | [0.5]                       | [0.5 1]                      |
        | an embedding variable | [0.5]                       | [01]                         |
        | an embedding variable | [0.5]                       | [.5]                         |
        | an embedding variable | [0.5]                       | [1.]                         |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [1.]} |
        | an embedding variable | [0.5]                       | [0.5] [1]                    |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [2,]} |
        | an embedding variable | [0.5]                       | [0.5, /* one */ 1]           |

      Examples: what some parsers let through
        | a variable            | held                        | text                          |
        | an embedding variable | [0.5]                       | [0.5, NaN]                    |
        | an embedding variable | [0.5]                       | [-Infinity]                   |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [NaN]} |

    @V3.1
    Scenario Outline: The malformed text <text> is refused as a string
      Given a string variable "x" holding "safe"
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds "safe" at version 1

      Examples:
        | text    |
        | 'text'  |
        | text    |
        | "text   |
        | "it\'s" |
        | "\x41"  |
        | "a" "b" |

    @V3.2
    Scenario Outline: A whole number of 400 digits in <text> is refused for <a variable>
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        | text                         |
        | a float variable      | 0.5                         | $N                           |
        | a float variable      | 0.5                         | -$N                          |
        | an integer variable   | 5                           | $N                           |
        | an embedding variable | [0.5]                       | [$N]                         |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [$N]} |

    @V3.2
    Scenario Outline: A number beyond the range of doubles in <text> is refused
      Given <a variable> "x" holding <held>
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        | text                             |
        | an embedding variable | [0.5]                       | [0.5, 1e400]                     |
        | a tensor variable     | {"shape": [1], "data": [1]} | {"shape": [1], "data": [-1e400]} |

    @V3.1
    Scenario Outline: A duplicate key in <text> is refused
      Given a tensor variable "weights" holding {"shape": [1], "data": [1]}
      When "weights" is set to the text `<text>`
      Then it is refused as invalid
      And "weights" still holds {"shape": [1], "data": [1]} at version 1

      Examples:
        | text                                          |
        | {"shape": [1], "data": [2], "data": [3]}      |
        | {"shape": [1], "shape": [1], "data": [2]}     |
        | {"shape": [1], "data": [2], "d\u0061ta": [3]} |

    @V3.1
    Example: A duplicate key in the header of raw bytes is refused
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `{"type": "tensor", "shape": [9], "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}` with 24 bytes
      Then it is refused as invalid
      And "weights" still holds float32 array [1.5, 2.5] at version 1

    @V3.1
    Example: A header of raw bytes that something follows is refused
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `{"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"} {}` with 24 bytes
      Then it is refused as invalid
      And "weights" still holds float32 array [1.5, 2.5] at version 1

    @V3.1
    Scenario Outline: The bytes <bytes> are refused as a string
      Given a string variable "x" holding "safe"
      When "x" is set to the bytes `<bytes>`
      Then it is refused as invalid
      And "x" still holds "safe" at version 1

      Examples: not UTF-8
        | bytes                   |
        | 22 ff fe 22             |
        | 22 c3 22                |
        | 22 c0 80 22             |
        | 22 ed a0 bd ed ba 80 22 |
        | ff                      |

      Examples: control characters without escapes
        | bytes       |
        | 22 61 0a 22 |
        | 22 61 09 22 |
        | 22 61 00 22 |

      Examples: what follows a NUL
        | bytes             |
        | 22 61 22 00       |
        | 22 61 22 00 22 62 |

      Examples: white space that JSON does not know
        | bytes             |
        | 0c 22 61 22       |
        | 22 61 22 0b       |
        | 22 61 22 c2 a0    |
        | e2 80 a8 22 61 22 |

      Examples: other encodings of "a"
        | bytes                               |
        | 22 00 61 00 22 00                   |
        | 00 22 00 61 00 22                   |
        | ff fe 22 00 61 00 22 00             |
        | 22 00 00 00 61 00 00 00 22 00 00 00 |

      Examples: pickles
        | bytes                |
        | 80 04 4b 01 2e       |
        | 80 03 58 01 00 61 2e |

    @V3.1 @V3.2
    Scenario Outline: The text <text>, which is not an integer in JSON, is refused at once
      Given an integer variable "x" holding 5
      When "x" is set to the text `<text>`
      Then it is refused as invalid
      And "x" still holds 5 at version 1

      Examples: what some languages read as an integer
        | text  |
        | 1_000 |
        | +5    |
        | 007   |
        | 0x10  |

      Examples: beyond the range of doubles
        | text         |
        | 1e400        |
        | 1e99999999   |
        | -1e999999999 |

    @V3.1
    Scenario Outline: An empty JSON text is refused for <a variable>
      Given <a variable> "x" holding <held>
      When "x" is set to the text ``
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        |
        | a float variable      | 0.5                         |
        | an integer variable   | 5                           |
        | a string variable     | "safe"                      |
        | a boolean variable    | true                        |
        | a module variable     | "safe"                      |
        | an embedding variable | [0.5]                       |
        | a tensor variable     | {"shape": [1], "data": [1]} |

    @V3.4
    Scenario Outline: A set without a value is refused for <a variable>
      Given <a variable> "x" holding <held>
      When "x" is set to no value
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | held                        |
        | a float variable      | 0.5                         |
        | an integer variable   | 5                           |
        | a string variable     | "safe"                      |
        | a boolean variable    | true                        |
        | a module variable     | "safe"                      |
        | an embedding variable | [0.5]                       |
        | a tensor variable     | {"shape": [1], "data": [1]} |

    @V3.2
    Example: A number of 5,000 digits is refused
      Given a float variable "x" holding 0.5
      When "x" is set to a number of 5000 digits
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    @V3.2
    Example: A number of 5,200 digits in an array is refused
      Given an embedding variable "x" holding [0.5]
      When "x" is set to the text `[0.$N$N$N$N$N$N$N$N$N$N$N$N$N]`
      Then it is refused as invalid
      And "x" still holds [0.5] at version 1

    @V3.3
    Scenario Outline: Arrays nested <depth> deep are refused
      Given an embedding variable "x" holding [0.5]
      When "x" is set to arrays nested <depth> deep
      Then it is refused as invalid
      And "x" still holds [0.5] at version 1

      Examples:
        | depth  |
        | 65     |
        | 100000 |

    @V3.3
    Example: A tensor of 64 dimensions, whose JSON is nested 65 deep, is refused
      Given a tensor variable "x" holding {"shape": [1], "data": [0.5]}
      When "x" is set to a JSON tensor of shape [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
      Then it is refused as invalid
      And "x" still holds {"shape": [1], "data": [0.5]} at version 1

    @V3.3
    Example: A tensor of 63 dimensions, whose JSON is nested 64 deep, is accepted
      Given a tensor variable "x" holding {"shape": [1], "data": [0.5]}
      When "x" is set to a JSON tensor of shape [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
      Then "x" holds a JSON tensor of shape [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] at version 2

  @V4
  Rule: Raw bytes must match their header

    @V4.3
    Scenario Outline: A set to <count> raw bytes with the header <header> is refused
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `<header>` with <count> bytes
      Then it is refused as invalid
      And "weights" still holds float32 array [1.5, 2.5] at version 1

      Examples: too short, too long
        | count | header                                                                          |
        | 23    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"} |
        | 25    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"} |
        | 0     | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"} |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float64", "binary_format": "raw"} |

      Examples: sizes that no machine has
        | count | header                                                                                            |
        | 8     | {"type": "tensor", "shape": [4611686018427387904, 4], "dtype": "float32", "binary_format": "raw"} |
        | 8     | {"type": "tensor", "shape": [99999999999], "dtype": "float32", "binary_format": "raw"}            |
        | 0     | {"type": "tensor", "shape": [65536, 65536], "dtype": "float32", "binary_format": "raw"}           |

      Examples: headers that say something else
        | count | header                                                                             |
        | 24    | {"type": "embedding", "shape": [6], "dtype": "float32", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float16", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "object", "binary_format": "raw"}     |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "Float32", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [true, 6], "dtype": "float32", "binary_format": "raw"} |
        | 24    | {"type": "tensor", "shape": [-2, -3], "dtype": "float32", "binary_format": "raw"}  |
        | 24    | {"type": "tensor", "shape": "2,3", "dtype": "float32", "binary_format": "raw"}     |
        | 24    | {"type": "tensor", "shape": [1.5, 4], "dtype": "float32", "binary_format": "raw"}  |
        | 24    | {"shape": [2, 3]                                                                   |
        | 24    | []                                                                                 |

      Examples: headers that lack something
        | count | header                                                                          |
        | 24    | {"shape": [2, 3], "dtype": "float32", "binary_format": "raw"}                   |
        | 24    | {"type": "tensor", "dtype": "float32", "binary_format": "raw"}                  |
        | 24    | {"type": "tensor", "shape": [2, 3], "binary_format": "raw"}                     |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float32"}                         |
        | 24    | {"Type": "tensor", "Shape": [2, 3], "Dtype": "float32", "Binary_format": "raw"} |

    @V4.4
    Example: Raw bytes in addition to a JSON value are refused
      Given a tensor variable "weights" holding {"shape": [1], "data": [1]}
      When "weights" is set to {"shape": [1], "data": [2]} with 4 stray bytes
      Then it is refused as invalid
      And "weights" still holds {"shape": [1], "data": [1]} at version 1

    @V4.4
    Example: Raw bytes in addition to an embedding in JSON are refused
      Given an embedding variable "query" holding [0.5]
      When "query" is set to [0.25] with 4 stray bytes
      Then it is refused as invalid
      And "query" still holds [0.5] at version 1

    @V4.4
    Example: Raw bytes in addition to a float are refused
      Given a float variable "x" holding 0.5
      When "x" is set to 0.25 with 8 stray bytes
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

    @V4.4
    Scenario Outline: A <kind> in raw bytes is refused
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

    @V4.3 @V4.4
    Scenario Outline: The JSON of <a variable> is refused with the type_url of raw bytes
      Given <a variable> "x" holding <held>
      When "x" is set to <value> under the type_url "type.googleapis.com/snakepit.<type>.binary"
      Then it is refused as invalid
      And "x" still holds <held> at version 1

      Examples:
        | a variable            | type      | held                        | value                       |
        | a float variable      | float     | 0.5                         | 0.25                        |
        | a string variable     | string    | "a"                         | "b"                         |
        | an embedding variable | embedding | [0.5]                       | [0.25]                      |
        | a tensor variable     | tensor    | {"shape": [1], "data": [1]} | {"shape": [1], "data": [2]} |

    @V4.1
    Scenario Outline: The keys of a header may come in any order, as in <header>
      Given a tensor variable "weights" holding float32 array [1.5, 2.5]
      When "weights" is set to the header `<header>` with 24 bytes
      Then it is accepted
      And "weights" is at version 2

      Examples:
        | header                                                                          |
        | {"binary_format": "raw", "dtype": "float32", "shape": [2, 3], "type": "tensor"} |
        | { "dtype":"float64","type":"tensor" , "binary_format":"raw", "shape":[3] }      |

  @V4 @V4.2
  Rule: A value is read in the form in which it was written

    Example: A small array written as JSON is read as JSON
      Given an embedding variable "query" holding [0.5, 0.25]
      When "query" is read
      Then its value is in JSON

    Example: A small array written as raw bytes is read as raw bytes
      Given an embedding variable "query" holding float32 array [0.5, 0.25]
      When "query" is read
      Then its value is in raw bytes

  @V5 @V5.1
  Rule: No value is ever unpickled

    Scenario Outline: The binary format <format> is refused
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
  Rule: The first value of a variable is checked as every other value

    @V3.1 @V3.2
    Scenario Outline: A float variable cannot be registered with the JSON text <text>
      When "x" is registered as a float holding the text `<text>`
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | text  |
        | {     |
        | 0.5 1 |
        | NaN   |
        | 1e400 |

    @V4.4
    Example: A float variable cannot be registered with raw bytes in addition to its value
      When "x" is registered as a float holding 0.25 with 8 stray bytes
      Then it is refused as invalid
      And there is no variable "x"

    @V3.4
    Example: A float variable cannot be registered without a value
      When "x" is registered as a float holding no value
      Then it is refused as invalid
      And there is no variable "x"

    @V3.4
    Scenario Outline: <a variable> cannot be registered without a value
      When "x" is registered as <a variable> holding no value
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | a variable   |
        | an integer   |
        | a string     |
        | a boolean    |
        | a module     |
        | an embedding |
        | a tensor     |

    @V1.3
    Scenario Outline: A float variable cannot be registered with the type_url "<url>"
      When "x" is registered as a float holding 0.25 under the type_url "<url>"
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | url                                  |
        | type.googleapis.com/snakepit.integer |
        | type.googleapis.com/snakepit.colour  |

    @V4.3 @V5.1
    Scenario Outline: A tensor variable cannot be registered with <count> raw bytes and the header <header>
      When "x" is registered as a tensor holding the header `<header>` with <count> bytes
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | count | header                                                                             |
        | 23    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float16", "binary_format": "raw"}    |
        | 24    | {"type": "tensor", "shape": [2, 3], "dtype": "float32", "binary_format": "pickle"} |
        | 24    | {"type": "embedding", "shape": [6], "dtype": "float32", "binary_format": "raw"}    |

    @V4.4
    Scenario Outline: <a kind> cannot be registered with raw bytes in addition to its JSON
      When "x" is registered as <a kind> holding <value> with 4 stray bytes
      Then it is refused as invalid
      And there is no variable "x"

      Examples:
        | a kind       | value                       |
        | an embedding | [0.25]                      |
        | a tensor     | {"shape": [1], "data": [2]} |

  @V1 @V3 @V4 @V5
  Rule: In a batch, an invalid value is an error of its variable

    @V3.1 @V3.2
    Scenario Outline: In a batch, the JSON text <text> is an error of its variable
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

    @V3.4
    Example: In a batch, a missing value is an error of its variable
      Given a float variable "x" holding 0.5
      When these are set in a non-atomic batch:
        | name | value                             |
        | x    | the text `` under the type_url "" |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds 0.5 at version 1

    @V4.4
    Example: In a batch, raw bytes in addition to a float are an error of its variable
      Given a float variable "x" holding 0.5
      When these are set in a non-atomic batch:
        | name | value                   |
        | x    | 0.25 with 8 stray bytes |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds 0.5 at version 1

    @V1.3
    Scenario Outline: In a batch, the type_url "<url>" is an error of its float variable
      Given a float variable "x" holding 0.5
      When these are set in a non-atomic batch:
        | name | value                           |
        | x    | 0.25 under the type_url "<url>" |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds 0.5 at version 1

      Examples:
        | url                                  |
        | type.googleapis.com/snakepit.integer |
        | type.googleapis.com/snakepit.colour  |

    @V4.3 @V5.1
    Scenario Outline: In a batch, <count> raw bytes with the header <header> are an error of their tensor variable
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

    @V4.4
    Example: In a batch, raw bytes in addition to an array in JSON are an error of its variable
      Given a tensor variable "x" holding {"shape": [1], "data": [1]}
      When these are set in a non-atomic batch:
        | name | value                                          |
        | x    | {"shape": [1], "data": [2]} with 4 stray bytes |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "x" still holds {"shape": [1], "data": [1]} at version 1
