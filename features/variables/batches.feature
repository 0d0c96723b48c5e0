@variables
Feature: Batches
  Variables that belong together are read as of one moment and set in one call.

  @A7
  Rule: A batch of reads shows one moment

    Example: Several variables are read in one call
      Given the variables:
        | name        | type    | value   |
        | temperature | float   | 0.7     |
        | max_tokens  | integer | 256     |
        | model       | string  | "gpt-4" |
      When "temperature", "max_tokens" and "model" are read in one call
      Then the answer has:
        | name        | value   | version |
        | temperature | 0.7     | 1       |
        | max_tokens  | 256     | 1       |
        | model       | "gpt-4" | 1       |
      And nothing is missing

    Example: Arrays in raw bytes are read in one call
      Given the variables:
        | name    | type      | value                       |
        | weights | tensor    | float32 array [0.5, 1.5]    |
        | query   | embedding | float64 array [0.1, 0.2]    |
        | bias    | tensor    | {"shape": [1], "data": [2]} |
      When "weights", "query" and "bias" are read in one call
      Then the answer has:
        | name    | value                       | version |
        | weights | float32 array [0.5, 1.5]    | 1       |
        | query   | float64 array [0.1, 0.2]    | 1       |
        | bias    | {"shape": [1], "data": [2]} | 1       |

    Example: Missing variables are listed in the order of the request
      Given a float variable "temperature" holding 0.7
      When "zebra", "temperature", "ant" and "monkey" are read in one call
      Then the answer has:
        | name        | value | version |
        | temperature | 0.7   | 1       |
      And "zebra", "ant" and "monkey" are missing

    Example: Each variable is listed under the identifier of the request
      Given the variables:
        | name  | type    | value |
        | left  | integer | 1     |
        | right | integer | 2     |
      When "left", by its id, and "right" are read in one call
      Then the answer has:
        | name       | value | version |
        | id of left | 1     | 1       |
        | right      | 2     | 1       |

    Example: The metadata of variables is included on request
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And "temperature" was set to 0.8, with the metadata {"reason": "tuning"}
      And "max_tokens" was set to 512, with the metadata {"reason": "cost"}
      When "temperature" and "max_tokens" are read in one call
      Then the answer has:
        | name        | value | version | metadata             |
        | temperature | 0.8   | 2       | {"reason": "tuning"} |
        | max_tokens  | 512   | 2       | {"reason": "cost"}   |

    Example: The metadata of variables is left out on request
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And "temperature" was set to 0.8, with the metadata {"reason": "tuning"}
      When "temperature" and "max_tokens" are read in one call, without their metadata
      Then the answer has:
        | name        | value | version | metadata |
        | temperature | 0.8   | 2       | {}       |
        | max_tokens  | 256   | 1       | {}       |

    Example: A reader never sees one half of an atomic batch
      Given the variables:
        | name  | type    | value |
        | left  | integer | 0     |
        | right | integer | 0     |
      When one client sets "left" and "right" 100 times in an atomic batch while another reads both in one call
      Then every read returned equal numbers

  @A8
  Rule: In an atomic batch, all sets succeed or none

    Example: A valid atomic batch sets every variable
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      When these are set in an atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 512   |
      Then the batch succeeds
      And the batch answers the versions:
        | name        | version |
        | temperature | 2       |
        | max_tokens  | 2       |
      And "temperature" holds 0.9 at version 2
      And "max_tokens" holds 512 at version 2

    Example: An atomic batch sets arrays in raw bytes
      Given the variables:
        | name    | type      | value                       |
        | weights | tensor    | {"shape": [1], "data": [2]} |
        | query   | embedding | float64 array [0.1, 0.2]    |
      When these are set in an atomic batch:
        | name    | value                    |
        | weights | float32 array [0.5, 1.5] |
        | query   | [0.3]                    |
      Then the batch succeeds
      And "weights" holds float32 array [0.5, 1.5] at version 2
      And "query" holds [0.3] at version 2

    Example: The metadata of a batch is merged into that of each variable
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 128   |
      And "max_tokens" was set to 256
      When these are set in an atomic batch, with the metadata {"reason": "tuning", "changed_by": "Ada"}:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 512   |
      Then the batch answers the versions:
        | name        | version |
        | temperature | 2       |
        | max_tokens  | 3       |
      And the metadata of "temperature" contains {"reason": "tuning"}
      And the metadata of "max_tokens" contains {"reason": "tuning"}
      And the history of "max_tokens" is:
        | version | value | changed by |
        | 3       | 512   | Ada        |
        | 2       | 256   | client     |
        | 1       | 128   | client     |

    Example: An invalid value makes an atomic batch fail as a whole
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
        | top_k       | integer | 40    |
      And Ada watches every variable
      When these are set in an atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 0.5   |
        | top_k       | 50    |
      Then the batch fails for:
        | name       | because                |
        | max_tokens | must be a whole number |
      And the batch answers no versions
      And "temperature" still holds 0.7 at version 1
      And "max_tokens" still holds 256 at version 1
      And "top_k" still holds 40 at version 1
      And Ada receives nothing else

    Example: A missing variable makes an atomic batch fail as a whole
      Given a float variable "temperature" holding 0.7
      When these are set in an atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | missing     | 1     |
      Then the batch fails for:
        | name    | because |
        | missing |         |
      And "temperature" still holds 0.7 at version 1

  @A8
  Rule: In a non-atomic batch, each set succeeds or fails by itself

    Example: A non-atomic batch sets the valid variables and reports the others
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
        | top_k       | integer | 40    |
      When these are set in a non-atomic batch:
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 0.5   |
        | top_k       | 50    |
        | missing     | 1     |
      Then the batch fails for:
        | name       | because                |
        | max_tokens | must be a whole number |
        | missing    |                        |
      And the batch answers the versions:
        | name        | version |
        | temperature | 2       |
        | top_k       | 2       |
      And "temperature" holds 0.9 at version 2
      And "max_tokens" still holds 256 at version 1
      And "top_k" holds 50 at version 2

    Example: A batch reports versions and errors under the identifiers of the request
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
        | top_k       | integer | 40    |
      When these are set in a non-atomic batch:
        | name              | value |
        | id of temperature | 0.9   |
        | id of max_tokens  | 0.5   |
        | top_k             | 50    |
      Then the batch fails for:
        | name             | because                |
        | id of max_tokens | must be a whole number |
      And the batch answers the versions:
        | name              | version |
        | id of temperature | 2       |
        | top_k             | 2       |
      And "temperature" holds 0.9 at version 2
      And "max_tokens" still holds 256 at version 1

  @A8
  Rule: A contradictory batch is refused as a whole

    Scenario Outline: A variable named twice in <a batch> is refused
      Given a float variable "x" holding 0.5
      When these are set in <a batch>:
        | name    | value |
        | x       | 1     |
        | id of x | 2     |
      Then it is refused as invalid
      And "x" still holds 0.5 at version 1

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    Example: Raw bytes for a variable that a batch does not set are refused
      Given a tensor variable "x" holding {"shape": [1], "data": [1]}
      And a float variable "y" holding 0.5
      When these are set in a non-atomic batch:
        | name | value                       |
        | y    | 0.75                        |
        | x    | no value with 5 stray bytes |
      Then it is refused as invalid
      And "x" still holds {"shape": [1], "data": [1]} at version 1
      And "y" still holds 0.5 at version 1

    Example: An empty batch succeeds
      Given an open session
      When an empty atomic batch is set
      Then the batch succeeds
      And the batch answers no versions
