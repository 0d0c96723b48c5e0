@types
Feature: Embedding variables
  An embedding is a vector of finite numbers. A short one travels as JSON, a long one as raw bytes.

  @T @T.7
  Rule: Vectors round-trip

    Scenario Outline: The vector <value> round-trips
      When "query" is registered as an embedding holding <value>
      Then "query" holds <value> at version 1

      Examples:
        | value                          |
        | [0.1, 0.2, 0.3, 0.4, 0.5]      |
        | [1]                            |
        | [72, 105]                      |
        | [-0.5, 0, 1e-300, 1e300]       |
        | [0.1, 0.30000000000000004, -1] |
        | [5e-324, -0.0, 4.9e-310]       |
        | [100000000000000000000, 0.5]   |
        | a list of 100000 numbers       |

    Example: A vector can be replaced by one of another length
      Given an embedding variable "query" holding [0.1, 0.2, 0.3]
      When "query" is set to [0.5, 0.25]
      Then "query" holds [0.5, 0.25] at version 2

  @T @V2 @T.4 @T.7
  Rule: Only vectors of finite numbers are embeddings

    @V2.4
    Scenario Outline: An embedding variable refuses <value>
      Given an embedding variable "query" holding [0.1, 0.2]
      When "query" is set to <value>
      Then it is refused as invalid, saying "must be a list of numbers"
      And "query" still holds [0.1, 0.2] at version 1

      Examples:
        | value        |
        | []           |
        | [[0.1, 0.2]] |
        | [0.1, "0.2"] |
        | [0.1, true]  |
        | [0.1, null]  |
        | [0.1, "NaN"] |
        | 0.1          |
        | "[0.1, 0.2]" |
        | {"0": 0.1}   |
        | null         |

    Example: An embedding variable cannot be registered with an empty list
      When "query" is registered as an embedding holding []
      Then it is refused as invalid, saying "must be a list of numbers"
      And there is no variable "query"

  @V4 @V5
  Rule: Large vectors round-trip as raw bytes, byte for byte

    @V4.1 @V4.2
    Scenario Outline: A <value> round-trips as an embedding
      When "query" is registered as an embedding holding <value>
      Then "query" holds <value> at version 1

      Examples:
        | value                          |
        | float32 array of shape [5000]  |
        | float64 array of shape [2000]  |
        | int64 array of shape [2000]    |
        | int32 array of shape [3000]    |
        | float32 array [0.1, 0.2, -0.0] |
        | int32 array [-1, 5]            |
        | int64 array [-1]               |
        | float64 array [1e300, 5e-324]  |

    @V4.5
    Scenario Outline: An embedding variable refuses a <value>
      Given an embedding variable "query" holding float32 array [0.5, 0.25]
      When "query" is set to <value>
      Then it is refused as invalid
      And "query" still holds float32 array [0.5, 0.25] at version 1

      Examples: numbers that are not finite
        | value                          |
        | float32 array [0.1, NaN]       |
        | float64 array [0.1, Infinity]  |
        | float64 array [0.1, -Infinity] |

      Examples: not one dimension
        | value                         |
        | float32 array of shape [2, 3] |
        | float32 array of shape [1, 3] |
        | float32 array of shape [3, 1] |
        | float32 array of shape [0]    |

    @V4.3 @V5.1
    Scenario Outline: An embedding refuses <count> raw bytes with the header <header>
      Given an embedding variable "query" holding float32 array [0.5, 0.25]
      When "query" is set to the header `<header>` with <count> bytes
      Then it is refused as invalid
      And "query" still holds float32 array [0.5, 0.25] at version 1

      Examples:
        | count | header                                                                             |
        | 7     | {"type": "embedding", "shape": [2], "dtype": "float32", "binary_format": "raw"}    |
        | 8     | {"type": "embedding", "shape": [2], "binary_format": "raw"}                        |
        | 8     | {"type": "tensor", "shape": [2], "dtype": "float32", "binary_format": "raw"}       |
        | 8     | {"type": "embedding", "shape": [2], "dtype": "float32", "binary_format": "pickle"} |
