@types
Feature: Tensor variables
  A tensor is an array with a shape: weights, attention maps, masks.

  @T @V2 @V2.4 @T.7
  Rule: Every tensor round-trips with its nesting

    Scenario Outline: The tensor <value> round-trips
      When "weights" is registered as a tensor holding <value>
      Then "weights" holds <value> at version 1

      Examples:
        | value                                                                    |
        | {"shape": [2, 3], "data": [[1, 2, 3], [4, 5, 6]]}                        |
        | {"shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}                            |
        | {"shape": [3], "data": [0.5, -1, 1e-300]}                                |
        | {"shape": [1, 1, 1], "data": [[[7.5]]]}                                  |
        | {"shape": [3], "data": [-0.0, 0.0, 5e-324]}                              |
        | {"data": [1, 2], "shape": [2]}                                           |
        | {"shape": [2, 2], "data": [[0.1, 9007199254740993], [0, -0.5]]}          |
        | {"shape": [3], "data": [0.30000000000000004, 0.9999999999999999, 1e-23]} |
        | {"shape": [2], "data": [100000000000000000000, -18446744073709551616]}   |
        | {"shape": [0], "data": []}                                               |
        | {"shape": [2, 0], "data": [[], []]}                                      |
        | {"shape": [2, 0], "data": []}                                            |
        | a JSON tensor of shape [300, 400]                                        |

  @T @V2 @T.7
  Rule: The data of a tensor must match its shape

    @T.4
    Scenario Outline: A tensor variable refuses <value>, whose data do not match its shape
      Given a tensor variable "weights" holding {"shape": [2], "data": [1, 2]}
      When "weights" is set to <value>
      Then it is refused as invalid, saying "data size doesn't match shape"
      And "weights" still holds {"shape": [2], "data": [1, 2]} at version 1

      Examples:
        | value                                           |
        | {"shape": [2, 3], "data": [1, 2, 3, 4, 5]}      |
        | {"shape": [2, 3], "data": [[1, 2, 3], [4, 5]]}  |
        | {"shape": [2], "data": [1, 2, 3]}               |
        | {"shape": [2], "data": []}                      |
        | {"shape": [0], "data": [1]}                     |
        | {"shape": [65536, 65536], "data": []}           |
        | {"shape": [4294967296, 4294967296], "data": []} |

    Scenario Outline: A tensor variable refuses <value>, which is nested otherwise than its shape
      Given a tensor variable "weights" holding {"shape": [2], "data": [1, 2]}
      When "weights" is set to <value>
      Then it is refused as invalid
      And "weights" still holds {"shape": [2], "data": [1, 2]} at version 1

      Examples:
        | value                                                      |
        | {"shape": [2, 2], "data": [[1, 2, 3], [4]]}                |
        | {"shape": [4], "data": [[1, 2], [3, 4]]}                   |
        | {"shape": [2], "data": [[1], [2]]}                         |
        | {"shape": [2, 2, 2], "data": [[1, 2, 3, 4], [5, 6, 7, 8]]} |
        | {"shape": [2, 0], "data": [[]]}                            |
        | {"shape": [2, 0], "data": [[], [], []]}                    |
        | {"shape": [0], "data": [[]]}                               |

    @T.4
    Scenario Outline: A tensor variable refuses <value>, which has no shape or no data
      Given a tensor variable "weights" holding {"shape": [2], "data": [1, 2]}
      When "weights" is set to <value>
      Then it is refused as invalid, saying "must be a tensor with shape and data"
      And "weights" still holds {"shape": [2], "data": [1, 2]} at version 1

      Examples:
        | value                          |
        | [1, 2]                         |
        | {"shape": [2]}                 |
        | {"Shape": [2], "Data": [1, 2]} |
        | {"data": [1]}                  |
        | "tensor"                       |
        | 42                             |
        | null                           |

    @V2.4
    Scenario Outline: A tensor variable refuses <value>, which has invalid numbers
      Given a tensor variable "weights" holding {"shape": [2], "data": [1, 2]}
      When "weights" is set to <value>
      Then it is refused as invalid
      And "weights" still holds {"shape": [2], "data": [1, 2]} at version 1

      Examples:
        | value                                    |
        | {"shape": [2], "data": [1, "2"]}         |
        | {"shape": [2], "data": [1, true]}        |
        | {"shape": [2], "data": [1, null]}        |
        | {"shape": [2], "data": [1, "NaN"]}       |
        | {"shape": [-1], "data": [1]}             |
        | {"shape": ["2"], "data": [1, 2]}         |
        | {"shape": [2.5], "data": [1, 2]}         |
        | {"shape": [true], "data": [1]}           |
        | {"shape": null, "data": [1]}             |
        | {"shape": 1, "data": [1]}                |
        | {"shape": [2], "data": null}             |
        | {"shape": [2], "data": {"0": 1, "1": 2}} |

    @T.4
    Example: A tensor variable cannot be registered with data that do not match the shape
      When "weights" is registered as a tensor holding {"shape": [2, 3], "data": [1]}
      Then it is refused as invalid, saying "data size doesn't match shape"
      And there is no variable "weights"

  @V4 @V4.2
  Rule: Large tensors round-trip as raw bytes, byte for byte

    @V4.2
    Example: An array in raw bytes of nearly 8 MiB round-trips
      Given a tensor variable "weights" holding {"shape": [1], "data": [0]}
      When "weights" is set to float32 array of shape [2000, 1024]
      Then "weights" holds float32 array of shape [2000, 1024] at version 2

    @V4.1 @V4.5
    Scenario Outline: A <value> round-trips as a tensor
      When "weights" is registered as a tensor holding <value>
      Then "weights" holds <value> at version 1

      Examples:
        | value                                                |
        | float32 array of shape [64, 64]                      |
        | float64 array of shape [10, 20, 30]                  |
        | int32 array of shape [5000]                          |
        | int64 array of shape [3, 700]                        |
        | float32 array of shape [2, 3]                        |
        | float64 array of shape [2, 0]                        |
        | float32 array [NaN, Infinity, -0.0]                  |
        | float64 array [-Infinity, 5e-324, NaN]               |
        | int64 array [9007199254740993, -9223372036854775808] |

    Example: A tensor of 4 MB round-trips
      Given a tensor variable "weights" holding {"shape": [1], "data": [0]}
      When "weights" is set to float32 array of shape [1024, 1024]
      Then "weights" holds float32 array of shape [1024, 1024] at version 2

    Example: A tensor can change from raw bytes to JSON
      Given a tensor variable "weights" holding float32 array of shape [2, 2]
      When "weights" is set to {"shape": [2], "data": [0.5, 1.5]}
      Then "weights" holds {"shape": [2], "data": [0.5, 1.5]} at version 2
