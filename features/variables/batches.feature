@variables
Feature: Batches
  Variables that belong together are read as of one moment and set in one call.

  @A7
  Rule: A batch of reads shows one moment

    @A7.2
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

    @A7.2
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

    @A7.2
    Example: Missing variables are listed in the order of the request
      Given a float variable "temperature" holding 0.7
      When "zebra", "temperature", "ant" and "monkey" are read in one call
      Then the answer has:
        | name        | value | version |
        | temperature | 0.7   | 1       |
      And "zebra", "ant" and "monkey" are missing

    @A7.2
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

    @A7.3
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

    @A7.3
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

    @A7.1
    Scenario Outline: A client that <reads> never sees one half of an atomic batch
      Given the variables:
        | name  | type    | value |
        | left  | integer | 0     |
        | right | integer | 0     |
      When one client sets "left" and "right" 100 times in an atomic batch while another <reads>
      Then every read returned equal numbers

      Examples:
        | reads                                          |
        | reads both in one call                         |
        | reads both in one call, without their metadata |

    @A7.4
    Example: A read of no variables is answered
      Given a float variable "temperature" holding 0.7
      When no variables are read in one call
      Then nothing is missing

    @A7.3 @V4 @V4.2
    Example: Arrays in raw bytes are read in one call without their metadata
      Given the variables:
        | name    | type      | value                       |
        | weights | tensor    | float32 array [0.5, 1.5]    |
        | query   | embedding | float64 array [0.1, 0.2]    |
        | bias    | tensor    | {"shape": [1], "data": [2]} |
      When "weights", "query" and "bias" are read in one call, without their metadata
      Then the answer has:
        | name    | value                       | version |
        | weights | float32 array [0.5, 1.5]    | 1       |
        | query   | float64 array [0.1, 0.2]    | 1       |
        | bias    | {"shape": [1], "data": [2]} | 1       |

  @A8
  Rule: In an atomic batch, all sets succeed or none

    @A8.1
    Scenario Outline: A client that <reads> sees no part of an atomic batch
      Given the variables:
        | name  | type    | value |
        | left  | integer | 0     |
        | right | integer | 0     |
      When one client sets "left" and "right" 100 times in an atomic batch while another <reads>
      Then every read returned equal numbers

      Examples:
        | reads                   |
        | lists both in one call  |
        | opens the session again |

    @A8.1 @A8.3
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

    @A8.1
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

    @A8.5
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

    @A8.1 @A8.4
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

    @A8.1 @A8.3
    Scenario Outline: In an atomic batch, <value> is an error of its float variable
      Given the variables:
        | name | type  | value |
        | fine | float | 0.5   |
        | x    | float | 0.5   |
      When these are set in an atomic batch:
        | name | value   |
        | fine | 0.75    |
        | x    | <value> |
      Then the batch fails for:
        | name | because |
        | x    |         |
      And "fine" still holds 0.5 at version 1
      And "x" still holds 0.5 at version 1

      Examples:
        | value                                                          |
        | the text `{`                                                   |
        | the text `` under the type_url ""                              |
        | 0.25 with 8 stray bytes                                        |
        | 0.25 under the type_url "type.googleapis.com/snakepit.integer" |

    @A8.1 @A8.4
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

    @A8.1
    Example: A batch sets an array without numbers in raw bytes
      Given a tensor variable "weights" holding {"shape": [1], "data": [2]}
      When these are set in an atomic batch:
        | name    | value                         |
        | weights | float32 array of shape [2, 0] |
      Then the batch succeeds
      And "weights" holds float32 array of shape [2, 0] at version 2

  @A8 @A8.3
  Rule: In a non-atomic batch, each set succeeds or fails by itself

    @A8.2
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

  @A8 @A8.6
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

    Scenario Outline: A variable named twice in <a batch>, once with an invalid value, is refused
      Given an integer variable "x" holding 1
      When these are set in <a batch>:
        | name    | value |
        | x       | 0.5   |
        | id of x | 2     |
      Then it is refused as invalid
      And "x" still holds 1 at version 1

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    Scenario Outline: Raw bytes for a variable that <a batch> does not set are refused
      Given a tensor variable "x" holding {"shape": [1], "data": [1]}
      And a float variable "y" holding 0.5
      When these are set in <a batch>:
        | name | value                       |
        | y    | 0.75                        |
        | x    | no value with 5 stray bytes |
      Then it is refused as invalid
      And "x" still holds {"shape": [1], "data": [1]} at version 1
      And "y" still holds 0.5 at version 1

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    Example: An empty batch succeeds
      Given an open session
      When an empty atomic batch is set
      Then the batch succeeds
      And the batch answers no versions

  @A7 @A8 @A11 @D1
  Rule: A batch may have hundreds of variables

    @A8.1 @A8.2 @A8.3
    Scenario Outline: Two hundred variables are set in <a batch> and read in one call
      Given 200 integer variables "v" holding 0 and up
      When the 200 variables "v" are set in <a batch> to 1000 and up
      Then the 200 variables "v" hold 1000 and up, at version 2

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A8.5 @A11.1 @D1.1
    Scenario Outline: Each of two hundred sets in <a batch> has its metadata, its history and its followers
      Given 200 integer variables "v" holding 0 and up
      And a string variable "prompt" holding "hello"
      And a "tuned for" dependency of "prompt" on "v180" was added
      And Ada watches "prompt"
      When the 200 variables "v" are set in <a batch> to 1000 and up, with the metadata {"reason": "tuning", "changed_by": "Ben"}
      Then the batch succeeds
      And the history of "v180" is:
        | version | value | changed by | metadata             |
        | 2       | 1180  | Ben        | {"reason": "tuning"} |
        | 1       | 180   | client     | {}                   |
      And the metadata of "v180" contains {"reason": "tuning"}
      And Ada receives:
        | update            | variable | metadata                                |
        | dependency change | prompt   | {"cause": "v180", "cause_version": "2"} |

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A8.1 @A8.4
    Example: One invalid value makes an atomic batch of two hundred variables fail as a whole
      Given 199 integer variables "v" holding 0 and up
      And an integer variable "v199" holding 199 with:
        | max |
        | 999 |
      And Ada watches every variable
      When the 200 variables "v" are set in an atomic batch to 1000 and up
      Then the batch fails for:
        | name | because          |
        | v199 | is above maximum |
      And the batch answers no versions
      And "v0" still holds 0 at version 1
      And "v198" still holds 198 at version 1
      And Ada receives nothing else

    @A8.1
    Example: A list of three hundred variables never shows one half of an atomic batch
      Given an integer variable "left" holding 0
      And 300 integer variables "v" holding 0 and up
      And an integer variable "right" holding 0
      When one client sets "left" and "right" 100 times in an atomic batch while another lists both in one call
      Then every read returned equal numbers

    @A7.2
    Example: A read of six hundred variables answers all of them
      Given 600 integer variables "v" holding 5 and up
      When the 600 variables "v" are read in one call
      Then the answer has the 600 variables "v", holding 5 and up at version 1

    @A7.1 @A8.1
    Scenario Outline: A client that <reads> among three hundred variables sees no half of an atomic batch
      Given an integer variable "left" holding 0
      And 300 integer variables "v" holding 0 and up
      And an integer variable "right" holding 0
      When one client sets "left" and "right" 100 times in an atomic batch while another <reads>
      Then every read returned equal numbers

      Examples:
        | reads                                 |
        | opens the session again               |
        | reads both and 300 others in one call |

    @A8.1
    Example: A client that reads one variable after the other sees no part of an atomic batch
      Given an integer variable "left" holding 0
      And an integer variable "right" holding 0
      When one client sets "left" and "right" 400 times in an atomic batch while another reads one after the other
      Then no read returned a second number below the first

    @A8.2
    Example: One invalid value in a non-atomic batch of two hundred variables leaves the others
      Given 199 integer variables "v" holding 0 and up
      And an integer variable "v199" holding 199 with:
        | max |
        | 999 |
      When the 200 variables "v" are set in a non-atomic batch to 1000 and up
      Then the batch fails for:
        | name | because          |
        | v199 | is above maximum |
      And "v0" holds 1000 at version 2
      And "v198" holds 1198 at version 2
      And "v199" still holds 199 at version 1

  @A1 @A7 @A7.2
  Rule: A batch read answers each variable completely, and as of now

    @A1.3
    Example: A batch read answers every field of a variable
      Given a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.5, with the metadata {"reason": "tuning", "source": "elixir"}
      And the optimizer "mipro" locked "rate"
      And the state of "rate" was noted
      When "rate" and "missing" are read in one call
      Then the answer has the state of "rate" as noted
      And "missing" is missing

    Example: A variable that is requested by its name and its id is answered under both
      Given an integer variable "x" holding 1
      When "x" and "x", by its id, are read in one call
      Then the answer has:
        | name    | value | version |
        | x       | 1     | 1       |
        | id of x | 1     | 1       |

    Example: A deleted variable is missing under its name and its id
      Given an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And "x" was deleted
      When "x", by its old id, "y" and "x" are read in one call
      Then the answer has:
        | name | value | version |
        | y    | 1     | 1       |

  @A8 @D2
  Rule: In a batch, a lock is an error of its variable, as any other refusal

    @A8.1 @A8.4 @D2.1
    Example: A locked variable makes an atomic batch fail as a whole
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And the optimizer "mipro" locked "temperature"
      And Ada watches "max_tokens"
      When these are set in an atomic batch:
        | name        | value |
        | max_tokens  | 512   |
        | temperature | 0.9   |
      Then the batch fails for:
        | name        | because                          |
        | temperature | variable_locked_for_optimization |
      And the batch answers no versions
      And "max_tokens" still holds 256 at version 1
      And "temperature" still holds 0.7 at version 1
      And Ada receives nothing else

    @D2.3
    Scenario Outline: The optimizer that locked a variable sets it in <a batch>
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And the optimizer "mipro" locked "temperature"
      When these are set in <a batch>, for the optimizer "mipro":
        | name        | value |
        | temperature | 0.9   |
        | max_tokens  | 512   |
      Then the batch succeeds
      And "temperature" holds 0.9 at version 2
      And "max_tokens" holds 512 at version 2
      And "temperature" is locked by the optimizer "mipro"

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A8.2 @D2.1
    Example: In the batch of one optimizer, the variable of another one is an error
      Given the variables:
        | name  | type    | value |
        | left  | integer | 1     |
        | right | integer | 1     |
      And the optimizer "mipro" locked "left"
      And the optimizer "copro" locked "right"
      When these are set in a non-atomic batch, for the optimizer "mipro":
        | name  | value |
        | left  | 2     |
        | right | 2     |
      Then the batch fails for:
        | name  | because                          |
        | right | variable_locked_for_optimization |
      And the batch answers the versions:
        | name | version |
        | left | 2       |
      And "left" holds 2 at version 2
      And "right" still holds 1 at version 1

    @A8.4
    Example: An atomic batch that fails has an error for each variable at fault
      Given the variables:
        | name   | type    | value |
        | locked | integer | 1     |
        | strict | integer | 1     |
        | fine   | integer | 1     |
      And the optimizer "mipro" locked "locked"
      When these are set in an atomic batch:
        | name   | value |
        | locked | 2     |
        | strict | 0.5   |
        | fine   | 2     |
        | gone   | 2     |
      Then the batch fails for:
        | name   | because                          |
        | locked | variable_locked_for_optimization |
        | strict | must be a whole number           |
        | gone   |                                  |
      And "fine" still holds 1 at version 1
      And "strict" still holds 1 at version 1

    @D2.1
    Scenario Outline: In <a batch>, a locked variable is an error also by its id
      Given the variables:
        | name        | type    | value |
        | temperature | float   | 0.7   |
        | max_tokens  | integer | 256   |
      And the optimizer "mipro" locked "temperature"
      When these are set in <a batch>:
        | name              | value |
        | id of temperature | 0.9   |
      Then the batch fails for:
        | name              | because                          |
        | id of temperature | variable_locked_for_optimization |
      And "temperature" still holds 0.7 at version 1

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

  @A8 @A14
  Rule: Each set of a batch is a change like any other

    @A8.5 @A14.1
    Scenario Outline: A change in <a batch> has its author and its metadata in the history and in watches
      Given the variables:
        | name  | type    | value |
        | left  | integer | 1     |
        | right | integer | 1     |
      And Ada watches "right"
      When these are set in <a batch>, with the metadata {"reason": "tuning", "changed_by": "Ben", "source": "elixir"}:
        | name  | value |
        | left  | 2     |
        | right | 3     |
      Then the batch succeeds
      And the history of "right" is:
        | version | value | changed by | metadata             |
        | 2       | 3     | Ben        | {"reason": "tuning"} |
        | 1       | 1     | client     | {}                   |
      And Ada receives:
        | update       | value | previous | version | changed by | metadata             |
        | value change | 3     | 1        | 2       | Ben        | {"reason": "tuning"} |
      And the source of "left" is ELIXIR

      Examples:
        | a batch            |
        | an atomic batch    |
        | a non-atomic batch |

    @A8.2
    Example: A refused set of a non-atomic batch leaves its variable as it was
      Given the variables:
        | name   | type    | value |
        | strict | integer | 1     |
        | fine   | integer | 1     |
      And the state of "strict" was noted
      And Ada watches "strict"
      When these are set in a non-atomic batch, with the metadata {"reason": "wrong"}:
        | name   | value |
        | strict | 0.5   |
        | fine   | 2     |
      Then the batch fails for:
        | name   | because                |
        | strict | must be a whole number |
      And "fine" holds 2 at version 2
      And the state of "strict" is as noted
      And Ada receives nothing else
