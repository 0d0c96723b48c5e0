@constraints
Feature: The layout of arrays
  A model that expects vectors of 5 dimensions, or 2×3 matrices of float32, gets nothing else.

  @T @T.4
  Rule: An embedding has the number of dimensions that its registration names

    Scenario Outline: <value> is accepted where embeddings have 3 dimensions
      Given an embedding variable "query" holding [0.1, 0.2, 0.3] with:
        | dimensions |
        | 3          |
      When "query" is set to <value>
      Then "query" holds <value> at version 2

      Examples:
        | value                       |
        | [1, 2, 3]                   |
        | float32 array [0.5, 1.5, 2] |

    Scenario Outline: <value> is refused where embeddings have 3 dimensions
      Given an embedding variable "query" holding [0.1, 0.2, 0.3] with:
        | dimensions |
        | 3          |
      When "query" is set to <value>
      Then it is refused as invalid, saying "must have exactly 3 dimensions"
      And "query" still holds [0.1, 0.2, 0.3] at version 1

      Examples:
        | value                         |
        | [0.1, 0.2]                    |
        | [0.1, 0.2, 0.3, 0.4]          |
        | float32 array [0.5, 1.5]      |
        | float32 array of shape [3000] |

    Example: The refusal of an embedding names more than a thousand dimensions in digits
      Given an embedding variable "query" holding float32 array of shape [1536] with:
        | dimensions |
        | 1536       |
      When "query" is set to float32 array of shape [3072]
      Then it is refused as invalid, saying "must have exactly 1536 dimensions"
      And "query" still holds float32 array of shape [1536] at version 1

  @T @K4
  Rule: A tensor has the shape and the dtype that its registration names

    @T.4
    Scenario Outline: <value> is accepted where tensors have the shape 2×3
      Given a tensor variable "mask" holding {"shape": [2, 3], "data": [0, 0, 0, 0, 0, 0]} with:
        | shape  |
        | [2, 3] |
      When "mask" is set to <value>
      Then "mask" holds <value> at version 2

      Examples:
        | value                                             |
        | {"shape": [2, 3], "data": [[1, 2, 3], [4, 5, 6]]} |
        | float32 array of shape [2, 3]                     |

    @T.4
    Scenario Outline: <value> is refused where tensors have the shape 2×3
      Given a tensor variable "mask" holding {"shape": [2, 3], "data": [0, 0, 0, 0, 0, 0]} with:
        | shape  |
        | [2, 3] |
      When "mask" is set to <value>
      Then it is refused as invalid, saying "shape must be"
      And "mask" still holds {"shape": [2, 3], "data": [0, 0, 0, 0, 0, 0]} at version 1

      Examples:
        | value                                               |
        | {"shape": [3, 2], "data": [[1, 2], [3, 4], [5, 6]]} |
        | {"shape": [6], "data": [1, 2, 3, 4, 5, 6]}          |
        | {"shape": [2], "data": [1, 2]}                      |
        | {"shape": [2, 3, 1], "data": [1, 2, 3, 4, 5, 6]}    |
        | float32 array of shape [3, 2]                       |

    @T.4
    Example: A tensor of another dtype than the registered one is refused
      Given a tensor variable "mask" holding float32 array [0.5, 1.5] with:
        | dtype     |
        | "float32" |
      When "mask" is set to float64 array [2.5, 3.5]
      Then it is refused as invalid, saying "dtype must be"
      And "mask" still holds float32 array [0.5, 1.5] at version 1

    @K4.4
    Example: A tensor of another shape and another dtype is refused for both reasons
      Given a tensor variable "mask" holding float32 array [0.5, 1.5] with:
        | shape | dtype     |
        | [2]   | "float32" |
      When "mask" is set to float64 array [2.5]
      Then it is refused as invalid, saying "shape must be"
      And the refusal also says "dtype must be"
      And "mask" still holds float32 array [0.5, 1.5] at version 1

    @K4.4
    Example: A tensor in JSON of another shape and with a number of another dtype is refused for both reasons
      Given a tensor variable "mask" holding {"shape": [2], "data": [0, 1]} with:
        | shape | dtype   |
        | [2]   | "int32" |
      When "mask" is set to {"shape": [1], "data": [0.5]}
      Then it is refused as invalid, saying "shape must be"
      And the refusal also says "dtype must be"
      And "mask" still holds {"shape": [2], "data": [0, 1]} at version 1

    @K4.2
    Scenario Outline: The number <number> in JSON is refused where tensors have the dtype <dtype>
      Given a tensor variable "mask" holding {"shape": [1], "data": [0]} with:
        | dtype   |
        | <dtype> |
      When "mask" is set to {"shape": [1], "data": [<number>]}
      Then it is refused as invalid, saying "dtype must be"
      And "mask" still holds {"shape": [1], "data": [0]} at version 1

      Examples:
        | dtype     | number               |
        | "int32"   | 0.5                  |
        | "int32"   | 2147483648           |
        | "int32"   | -2147483649          |
        | "int64"   | 0.5                  |
        | "int64"   | 9223372036854775808  |
        | "int64"   | -9223372036854775809 |
        | "float32" | 1e39                 |
        | "float32" | -1e39                |
        | "float32" | 3.5e38               |
        | "float32" | -3.41e38             |

    @K4.2
    Scenario Outline: The number <number> in JSON is accepted where tensors have the dtype <dtype>
      Given a tensor variable "mask" holding {"shape": [1], "data": [0]} with:
        | dtype   |
        | <dtype> |
      When "mask" is set to {"shape": [1], "data": [<number>]}
      Then "mask" holds {"shape": [1], "data": [<number>]} at version 2

      Examples:
        | dtype     | number                 |
        | "int32"   | 2147483647             |
        | "int32"   | -2147483648            |
        | "int32"   | 1.0                    |
        | "int32"   | 1e3                    |
        | "int64"   | 9223372036854775807    |
        | "int64"   | -2.0                   |
        | "float32" | 0.1                    |
        | "float32" | 3e38                   |
        | "float32" | 3.4028234663852886e38  |
        | "float32" | -3.4028234663852886e38 |
        | "float64" | 1e300                  |

    @K4.2
    Scenario Outline: <value> is refused where tensors have the dtype int32
      Given a tensor variable "mask" holding {"shape": [1], "data": [0]} with:
        | dtype   |
        | "int32" |
      When "mask" is set to <value>
      Then it is refused as invalid, saying "dtype must be"
      And "mask" still holds {"shape": [1], "data": [0]} at version 1

      Examples:
        | value                                         |
        | {"shape": [2], "data": [0, 0.5]}              |
        | {"shape": [3], "data": [0, 1, 2147483648]}    |
        | {"shape": [2, 2], "data": [[0, 1], [2, 0.5]]} |

    @T.4
    Example: A tensor of the registered dtype is accepted
      Given a tensor variable "mask" holding float32 array [0.5, 1.5] with:
        | dtype     |
        | "float32" |
      When "mask" is set to float32 array [2.5, 3.5]
      Then "mask" holds float32 array [2.5, 3.5] at version 2

    @K4.2
    Scenario Outline: A tensor without numbers is accepted where tensors have the dtype <dtype>
      Given a tensor variable "mask" holding {"shape": [1], "data": [0]} with:
        | dtype   |
        | <dtype> |
      When "mask" is set to {"shape": [2, 0], "data": [[], []]}
      Then "mask" holds {"shape": [2, 0], "data": [[], []]} at version 2

      Examples:
        | dtype     |
        | "int32"   |
        | "int64"   |
        | "float32" |
        | "float64" |
