@recovery @requires_process @requires_durable
Feature: Durability
  A bridge with a data directory may be killed and restarted at any moment: every acknowledged change is still
  there, and clients continue where they were.

  @P6
  Rule: Every acknowledged change survives a crash
    A client that was answered need not set anything again.

    @P6.1
    Scenario Outline: A value survives when the bridge is <ended>
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1
      And "learning_rate" was set to 0.05
      When the bridge is <ended> and restarted
      Then "learning_rate" still holds 0.05 at version 2

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.1
    Example: Metadata, source and times of a variable survive a crash
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "learning_rate" was set to 0.05, with the metadata {"source": "elixir", "reason": "tuning"}
      And the state of "learning_rate" was noted
      When the bridge is killed and restarted
      Then the state of "learning_rate" is as noted

    @P6.1
    Example: Variables of every type survive a crash
      Given a bridge with a data directory
      And the variables:
        | name  | type      | value                                       |
        | rate  | float     | 5e-324                                      |
        | zero  | float     | -0.0                                        |
        | nan   | float     | NaN                                         |
        | least | float     | -Infinity                                   |
        | limit | integer   | 9007199254740993                            |
        | none  | integer   | 0                                           |
        | text  | string    | "héllo, wörld 🚀"                           |
        | blank | string    | ""                                          |
        | on    | boolean   | true                                        |
        | off   | boolean   | false                                       |
        | way   | module    | "Predict"                                   |
        | embed | embedding | [0.1, -0.0, 1e300]                          |
        | table | tensor    | {"shape": [2, 2], "data": [[1, 2], [3, 4]]} |
        | large | tensor    | float64 array of shape [512, 512]           |
        | void  | tensor    | float64 array of shape [2, 0]               |
      And the bridge was killed and restarted
      When the session is opened again
      Then the session holds the variables:
        | name  | type      | value                                       | version |
        | rate  | float     | 5e-324                                      | 1       |
        | zero  | float     | -0.0                                        | 1       |
        | nan   | float     | NaN                                         | 1       |
        | least | float     | -Infinity                                   | 1       |
        | limit | integer   | 9007199254740993                            | 1       |
        | none  | integer   | 0                                           | 1       |
        | text  | string    | "héllo, wörld 🚀"                           | 1       |
        | blank | string    | ""                                          | 1       |
        | on    | boolean   | true                                        | 1       |
        | off   | boolean   | false                                       | 1       |
        | way   | module    | "Predict"                                   | 1       |
        | embed | embedding | [0.1, -0.0, 1e300]                          | 1       |
        | table | tensor    | {"shape": [2, 2], "data": [[1, 2], [3, 4]]} | 1       |
        | large | tensor    | float64 array of shape [512, 512]           | 1       |
        | void  | tensor    | float64 array of shape [2, 0]               | 1       |

    @P6.1
    Example: Constraints hold after a crash
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And the bridge was killed and restarted
      When "learning_rate" is set to 1.5
      Then it is refused as invalid, saying "is above maximum"
      And "learning_rate" still holds 0.1 at version 1

    @P6.1
    Scenario Outline: The history of a variable survives when the bridge is <ended>
      Given a bridge with a data directory
      And an integer variable "max_tokens" holding 1
      And "max_tokens" was incremented 3 times
      And the bridge was <ended> and restarted
      When "max_tokens" is rolled back to version 2
      Then "max_tokens" holds 2 at version 5
      And the history of "max_tokens" has the versions 5 down to 1

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.1
    Example: A deleted variable stays deleted after a crash, and its name is free
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was deleted
      And the bridge was killed and restarted
      When "x" is registered as an integer holding 7
      Then "x" holds 7 at version 1

    @P6.1
    Example: A deleted variable is not found by its id after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was deleted
      And the bridge was killed and restarted
      When "x", by its old id, is read
      Then it is refused as not found
      And there is no variable "x"

    @P6.1
    Example: A name stays in use after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the bridge was killed and restarted
      When "x" is registered as a float holding 0.2
      Then it is refused as already existing
      And "x" still holds 0.1 at version 1

    @P6.1
    Example: Variables of one name survive a crash in each of two sessions
      Given a bridge with a data directory
      And in session "blue", a float variable "x" holding 1
      And in session "green", a string variable "x" holding "one"
      And in session "green", "x" was set to "two"
      When the bridge is killed and restarted
      Then in session "blue", "x" still holds 1.0 at version 1
      And in session "green", "x" still holds "two" at version 2

    @P6.2
    Example: A session that was cleaned up stays ended after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the session was cleaned up
      When the bridge is killed and restarted
      Then the session is not open

    @P6.2 @requires_current_fields
    Example: A session that has expired stays ended after a crash
      Given a bridge with a data directory
      And an open session with a time to live of 1 s
      And the session ended for lack of calls
      When the bridge is killed and restarted
      Then the session is not open

    @P6.2 @requires_current_service
    Example: The metadata of a session survives a crash
      Given a bridge with a data directory
      And an open session, with the metadata {"team": "ranking"}
      And the bridge was killed and restarted
      When the session is described
      Then the description has:
        | metadata            |
        | {"team": "ranking"} |

    @P6.1
    Example: The order of registration survives a crash
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | b    | integer | 1     |
        | c    | integer | 1     |
        | a    | integer | 1     |
      And "b" was set to 2
      And "c" was deleted
      And an integer variable "c" holding 3
      And the bridge was killed and restarted
      When the variables are listed
      Then the names listed are "b", "a" and "c"

    @P6.2 @requires_current_service
    Scenario Outline: Registered tools survive when the bridge is <ended>
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And the bridge was <ended> and restarted
      When the tool "train" runs with {"rate": 0.5}
      Then it is refused as unavailable
      And the registered tools are "train"
      And the tool "train" takes {"rate": "float"}

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.2 @requires_current_service
    Scenario Outline: <arguments> are invalid for a registered tool after a crash
      Given a bridge with a data directory
      And the tool "train" was registered with the metadata {} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | yes      |         | {"max": 1}  |             |
      And the bridge was killed and restarted
      When the tool "train" runs with <arguments>
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | arguments                |
        | {"rate": "fast"}         |
        | {"rate": 1.5}            |
        | {"size": 3}              |
        | {"rate": 0.5, "size": 3} |

    @P6.2 @X1 @X1.5 @requires_current_service @requires_standard_tools
    Example: A registered tool takes precedence over one of the bridge after a crash
      Given a bridge with a data directory
      And these tools are registered:
        | name   | takes                   |
        | "echo" | [["message", "string"]] |
      And the bridge was killed and restarted
      When the tool "echo" runs with {"message": "hello"}
      Then it is refused as unavailable

    @P6.2 @requires_current_service
    Example: A replaced tool stays replaced after a crash
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      When the bridge is killed and restarted
      Then the registered tools are "train"
      And the tool "train" takes {"steps": "integer"}

    @P6.2
    Scenario Outline: Dependencies survive when the bridge is <ended>
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | rate | integer | 1     |
        | loss | integer | 1     |
      And a "derived" dependency of "loss" on "rate" was added
      And the bridge was <ended> and restarted
      When a "follows" dependency of "rate" on "loss" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.2
    Scenario Outline: An optimization lock survives when the bridge is <ended>
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the bridge was <ended> and restarted
      When "x" is set to 0.2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" still holds 0.1 at version 1

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.2 @requires_current_fields
    Example: A released optimization lock stays released after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the optimizer "tuner" released "x"
      And the bridge was killed and restarted
      When "x" is set to 0.2
      Then "x" holds 0.2 at version 2
      And "x" is not locked

    @P6.1
    Example: A rollback survives a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was rolled back to version 1
      When the bridge is killed and restarted
      Then "x" holds 0.1 at version 3
      And the history of "x" is:
        | version | value | changed by            |
        | 3       | 0.1   | rollback to version 1 |
        | 2       | 0.2   | client                |
        | 1       | 0.1   | client                |

    @P6.1 @requires_current_fields
    Example: A set that is repeated after a crash applies once
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was set to 0.2, with the request id "r-1"
      And 200 requests with other request ids set "x" to 0.3
      And the bridge was killed and restarted
      When "x" is set to 0.2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 0.3 at version 202

    @P6.1 @requires_current_fields
    Example: No acknowledged change is lost while the bridge is killed again and again
      Given a bridge with a data directory
      When 4 clients write values while the bridge is killed and restarted, 3 times in all
      Then no acknowledged change is lost
      And a watch has received each change once, and none that was lost

    @P6.2
    Example: A session from before a crash that was cleaned up stays ended after the next one
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the bridge was killed and restarted
      And the session was cleaned up
      When the bridge is killed and restarted
      Then the session is not open

    @P6.2 @requires_current_fields
    Example: A lock from before a crash that was released stays released after the next one
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the bridge was killed and restarted
      And the optimizer "tuner" released "x"
      And the bridge was killed and restarted
      When "x" is set to 0.2
      Then "x" holds 0.2 at version 2
      And "x" is not locked

    @P6.2
    Example: A lock that was released by force stays released after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the optimizer "mipro" released "x" by force
      And the bridge was killed and restarted
      When "x" is set to 0.2
      Then "x" holds 0.2 at version 2
      And "x" is not locked

    @P6.2
    Example: A variable that was locked again has its second holder after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the optimizer "tuner" released "x"
      And the optimizer "mipro" locked "x"
      And the bridge was killed and restarted
      When "x" is set to 0.2, for the optimizer "mipro"
      Then "x" holds 0.2 at version 2

  @P6 @A8 @A8.1 @P6.3
  Rule: A batch is applied completely or not at all after a crash

    @P6.1 @requires_current_fields
    Example: No batch is applied in part while the bridge is killed again and again
      Given a bridge with a data directory
      When 4 clients write batches while the bridge is killed and restarted, 3 times in all
      Then no acknowledged change is lost
      And no batch is applied in part
      And a watch has received each change once, and none that was lost

    @requires_failpoints
    Scenario Outline: A batch is complete or absent when the bridge dies <moment>
      Given a new bridge with a data directory and the flags "--failpoint <failpoint>"
      And the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      When a batch that triggers the failpoint sets these, and the bridge is restarted:
        | variable | value |
        | x        | 2     |
        | y        | 2     |
      Then "x" holds <value> at version <value>
      And "y" holds <value> at version <value>

      Examples:
        | moment                    | failpoint     | value |
        | in the middle of a batch  | half-written  | 1     |
        | before a change is stored | before-commit | 1     |
        | after a change is stored  | after-commit  | 2     |

  @P6 @A3 @A3.1 @P6.3
  Rule: Versions continue after a crash

    Example: The first set after a crash makes the next version
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was incremented 4 times
      And the bridge was killed and restarted
      When "x" is set to 6
      Then the answer is version 6
      And the history of "x" has the versions 6 down to 1

  @P6 @W7 @P6.3 @requires_current_fields @W5
  Rule: A watch resumes after a crash, without gaps or repeats
    A client that follows a variable must not miss a change because the bridge was restarted.

    @W5.1
    Example: A watch receives the deletion of an array in raw bytes that it missed before a crash
      Given a bridge with a data directory
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And Ada watches every variable
      And "weights" was set to float32 array [2.5]
      And Ada received 1 update
      And Ada stopped watching
      And "weights" was deleted
      And the bridge was killed and restarted
      When Ada resumes watching every variable
      Then Ada receives:
        | update  | variable | value               | version |
        | deleted | weights  | float32 array [2.5] | 2       |

    @W7.1
    Example: A watch receives the changes that it missed before and after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      And "x" was set to 4
      And the bridge was killed and restarted
      And "x" was set to 5
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
        | value change | 4     | 3        | 4       |
        | value change | 5     | 4        | 5       |
      And Ada receives nothing else

    @W7.1
    Scenario Outline: A watch that was open when the bridge was <ended> resumes without repeats
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the bridge was <ended> and restarted
      And "x" was set to 5
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 5     | 4        | 5       |
      And Ada receives nothing else

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @W7.1
    Example: A watch that began after a crash resumes after its initial values
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was set to 2
      And the bridge was killed and restarted
      And Ada watches "x", with initial values
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
      And Ada receives nothing else

    @W7.1
    Example: A watch receives a deletion that it missed before a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And the bridge was killed and restarted
      When Ada resumes watching every variable
      Then Ada receives:
        | update  | variable | value | version |
        | deleted | x        | 2     | 2       |

    @W7.1
    Example: A watch by an id receives the deletion that it missed before a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x", by its id
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And the bridge was killed and restarted
      When Ada resumes watching "x", by its old id
      Then Ada receives:
        | update  | variable | value | version |
        | deleted | x        | 2     | 2       |

    @W3 @W3.1
    Example: The first change after a crash has an array in raw bytes as its previous value
      Given a bridge with a data directory
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And the bridge was killed and restarted
      And Ada watches "weights"
      When "weights" is set to float32 array [2.5]
      Then Ada receives:
        | update       | value               | previous                 | version |
        | value change | float32 array [2.5] | float32 array [0.5, 1.5] | 2       |

    @W7.2
    Example: A watch that missed more than the change log retains cannot resume after a crash
      Given a bridge with a data directory and the flags "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 20 times
      And the bridge was killed and restarted
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    @W7.1
    Example: A watch receives arrays of raw bytes that it missed before a crash
      Given a bridge with a data directory
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And Ada watches "weights"
      And "weights" was set to float32 array [2.5]
      And Ada received 1 update
      And Ada stopped watching
      And "weights" was set to float32 array [3.5]
      And the bridge was killed and restarted
      When Ada resumes watching "weights"
      Then Ada receives:
        | update       | value               | previous            | version |
        | value change | float32 array [3.5] | float32 array [2.5] | 3       |
      And Ada receives nothing else

    @W7.2
    Example: A watch of a session that was cleaned up cannot resume after two crashes
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And the session was cleaned up
      And the bridge was killed and restarted
      And the bridge was killed and restarted
      And an integer variable "x" holding 1
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    @S6 @S6.3 @P6.3 @requires_current_fields
    Example: A watch of a session that has expired cannot resume after a crash
      Given a bridge with a data directory
      And an open session with a time to live of 1 s
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the session ended for lack of calls
      And the bridge was killed and restarted
      And an integer variable "x" holding 1
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    @W7.1 @S7 @S7.3
    Example: A watch resumes across two hundred changes after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 200 times
      And the bridge was killed and restarted
      When Ada resumes watching "x"
      Then Ada receives the versions 3 to 202 of "x"
      And Ada receives nothing else

  @P7
  Rule: Only one process at a time uses a data directory
    Two processes would overwrite each other's changes.

    @P7.1
    Example: A second bridge does not start with the same data directory
      Given a new bridge with a data directory
      And a float variable "x" holding 0.1
      When another bridge is started with the same data directory
      Then it ends with an error within 5 s, and says why on stderr
      And "x" still holds 0.1 at version 1

    @P7.2
    Example: A data directory is free at once after a kill
      Given a bridge with a data directory
      When the bridge is killed and restarted
      Then the bridge answers a call

    @P7.2 @requires_standard_tools
    Example: A data directory is free at once after a kill while a tool runs
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the tool "block" is running for 10 s
      When the bridge is killed and restarted
      Then "x" still holds 0.1 at version 1

    @P7.1 @P6 @P6.1
    Example: The data of a bridge survive the attempts to start another one
      Given a new bridge with a data directory
      And a float variable "x" holding 0.1
      And another bridge did not start with the same data directory
      And another bridge did not start with the same data directory
      When the bridge is killed and restarted
      Then "x" still holds 0.1 at version 1

  @P2 @P2.2
  Rule: A bridge does not start with unusable data, and leaves it unchanged
    An operator can then still repair the files or restore a backup.

    Example: A bridge does not start with a file as its data directory
      When a bridge is started with a file as its data directory
      Then it ends with an error within 5 s, and says why on stderr

    Example: A bridge does not start with damaged data, and leaves it unchanged
      Given a new bridge with a data directory
      And a float variable "x" holding 0.1
      And the bridge was stopped and its data files were overwritten
      When a bridge is started with the same data directory
      Then it ends with an error within 5 s, and says why on stderr
      And the data files are unchanged

  @P6 @P6.1
  Rule: Everything about a variable survives a crash, not only its value

    Scenario Outline: The state of a variable survives a crash after <what>
      Given a bridge with a data directory
      And a float variable "rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "rate" was set to 0.2, with the metadata {"reason": "tuning", "source": "elixir"}
      And <change>
      And the state of "rate" was noted
      When the bridge is killed and restarted
      Then the state of "rate" is as noted

      Examples:
        | what             | change                                                                                 |
        | a lock           | the optimizer "mipro" locked "rate"                                                    |
        | a rollback       | "rate" was rolled back to version 1                                                    |
        | more metadata    | "rate" was set to 0.3, with the metadata {"schlüssel 🚀": "e\u0301\r\n\u0000!", "": ""} |
        | numbers as texts | "rate" was set to 0.3, with the metadata {"run": "007", "size": "1e3"}                 |
        | another source   | "rate" was set to 0.3, with the metadata {"source": "python"}                          |
        | a refused change | a refused attempt, in which "rate" is set to 2                                         |

    Example: The sets of a batch that has an error survive a crash
      Given a bridge with a data directory
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
      When these are set in a non-atomic batch:
        | name | value |
        | a    | 2     |
        | b    | "two" |
      And the bridge is killed and restarted
      Then "a" holds 2.0 at version 2
      And "b" still holds 1.0 at version 1

    Example: An array of raw bytes that a rollback has restored survives a crash
      Given a bridge with a data directory
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to {"shape": [1], "data": [4]}
      And "weights" was rolled back to version 1
      When the bridge is killed and restarted
      Then "weights" holds float32 array [0.5, 1.5] at version 3

    Example: An embedding of raw bytes survives a crash
      Given a bridge with a data directory
      And an embedding variable "query" holding float64 array [0.5, 1.5]
      When the bridge is killed and restarted
      Then "query" still holds float64 array [0.5, 1.5] at version 1

    @requires_current_fields
    Example: An earlier array of raw bytes can be restored after a crash
      Given a bridge with a data directory
      And a tensor variable "x" holding float32 array [0.5, 1.5]
      And "x" was set to float64 array [2.5]
      And the bridge was killed and restarted
      When "x" is rolled back to version 1
      Then "x" holds float32 array [0.5, 1.5] at version 3
      And the history of "x" is:
        | version | value                    |
        | 3       | float32 array [0.5, 1.5] |
        | 2       | float64 array [2.5]      |
        | 1       | float32 array [0.5, 1.5] |

    Example: Authors and metadata of a history survive a crash
      Given a bridge with a data directory
      And "x" was registered as an integer holding 1, with the metadata {"changed_by": "Ada", "reason": "new"}
      And "x" was set to 2, with the metadata {"changed_by": "Ben 🚀", "reason": "tuning"}
      And "x" was set to 3, with the metadata {"run": "12"}
      When the bridge is killed and restarted
      Then the history of "x" is:
        | version | value | changed by | metadata             |
        | 3       | 3     | client     | {"run": "12"}        |
        | 2       | 2     | Ben 🚀     | {"reason": "tuning"} |
        | 1       | 1     | Ada        | {"reason": "new"}    |
      And the times in the history of "x" are recent and in order

    Example: The changes of a batch have their author after a crash
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And these were set in an atomic batch, with the metadata {"changed_by": "Ada", "reason": "both"}:
        | name | value |
        | x    | 2     |
        | y    | 3     |
      When the bridge is killed and restarted
      Then the history of "y" is:
        | version | value | changed by | metadata           |
        | 2       | 3     | Ada        | {"reason": "both"} |
        | 1       | 1     | client     | {}                 |

    @requires_standard_tools
    Example: The change of a tool has its author after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And the tool "increment" ran with {"name": "x"}
      When the bridge is killed and restarted
      Then the history of "x" is:
        | version | value | changed by     |
        | 2       | 2     | tool:increment |
        | 1       | 1     | client         |

    Example: The limit of a history applies after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was incremented 119 times
      And the bridge was killed and restarted
      When "x" is set to 121
      Then the history of "x" has the versions 121 down to 22

    Example: A history survives a crash although the change log is shorter
      Given a bridge with a data directory and the flags "--watch-log-limit 20"
      And an integer variable "x" holding 1
      And "x" was incremented 400 times
      And the bridge was killed and restarted
      When "x" is rolled back to version 302
      Then it is accepted
      And "x" holds 302 at version 402
      And the history of "x" has the versions 402 down to 303

    @P6.1
    Example: No number of restarts shortens a history that the change log no longer has
      Given a bridge with a data directory and the flags "--watch-log-limit 20"
      And an integer variable "seldom" holding 1
      And "seldom" was incremented 4 times
      And an integer variable "often" holding 1
      And "often" was incremented 200 times
      And the bridge was killed and restarted
      And "often" was incremented 200 times
      And the bridge was killed and restarted
      And "often" was incremented 200 times
      When the bridge is killed and restarted
      Then the history of "seldom" has the versions 5 down to 1

    @requires_current_fields
    Example: A variable that was registered again has nothing of the deleted one after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And an integer variable "y" holding 1
      And a "scaled" dependency of "y" on "x" was added
      And the optimizer "mipro" locked "x"
      And "x" was deleted, for the optimizer "mipro"
      And a string variable "x" holding "new"
      And the bridge was killed and restarted
      When a "follows" dependency of "x" on "y" is added
      Then it is accepted
      And "x" holds "new" at version 1
      And "x" is not locked
      And the history of "x" is:
        | version | value |
        | 1       | "new" |

    Scenario Outline: Constraints of a <kind> hold after a crash
      Given a bridge with a data directory
      And a <kind> variable "x" holding <first> with:
        | <constraint> |
        | <bound>      |
      And the bridge was killed and restarted
      When "x" is set to <value>
      Then it is refused as invalid
      And "x" still holds <first> at version 1

      Examples:
        | kind      | first                       | constraint      | bound            | value                          |
        | integer   | 1                           | max             | 9007199254740995 | 9007199254740996               |
        | string    | "abc"                       | pattern         | "^[a-z]+$"       | "ABC"                          |
        | string    | "abc"                       | max_length      | 3                | "abcd"                         |
        | string    | "abc"                       | enum            | ["abc"]          | "abcd"                         |
        | choice    | "é"                         | choices         | ["é", "other"]   | "e\u0301"                      |
        | module    | "Predict"                   | allowed_modules | ["Predict"]      | "ReAct"                        |
        | embedding | [0.1, 0.2]                  | dimensions      | 2                | [0.1]                          |
        | tensor    | {"shape": [1], "data": [1]} | shape           | [1]              | {"shape": [2], "data": [1, 2]} |
        | tensor    | {"shape": [1], "data": [1]} | dtype           | "int32"          | {"shape": [1], "data": [0.5]}  |

    Example: Names and texts beyond ASCII survive a crash
      Given a bridge with a data directory
      And a string variable "é/🚀" holding "e\u0301\u0000\r\n\ufeff\u0085"
      And a string variable "e\u0301/🚀" holding "other"
      And a string variable "007" holding "1e3"
      And the bridge was killed and restarted
      When the variables are listed
      Then the names listed are "é/🚀", "e\u0301/🚀" and "007"
      And "é/🚀" still holds "e\u0301\u0000\r\n\ufeff\u0085" at version 1

  @P6 @S1 @P6.2 @S1.1
  Rule: A session survives a crash, whatever call has opened it

    Scenario Outline: A session that a list has opened survives when the bridge is <ended>
      Given a bridge with a data directory
      And the variables were listed
      When the bridge is <ended> and restarted
      Then the session is open

      Examples:
        | ended   |
        | killed  |
        | stopped |

  @P6 @P6.1 @A6
  Rule: Everything about a session survives a crash

    @requires_current_service
    Example: The description of a session survives a crash
      Given a bridge with a data directory
      And an open session, with the metadata {"schlüssel 🚀": "e\u0301", "empty": ""}
      And a float variable "x" holding 0.5
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the description of the session was noted
      When the bridge is killed and restarted
      Then the description of the session is as noted

    @requires_current_fields
    Example: The time to live of a session survives a crash
      Given a bridge with a data directory
      And an open session with a time to live of 2 s
      And a float variable "x" holding 0.5
      And the bridge was killed and restarted
      When Ada watches every variable
      Then Ada's watch ends as not found

    Scenario Outline: A session whose id has <characters> survives a crash
      Given a bridge with a data directory
      And in session <id>, a float variable "x" holding 1
      When the bridge is killed and restarted
      Then in session <id>, "x" still holds 1.0 at version 1

      Examples:
        | characters            | id        |
        | a combining character | "e\u0301" |
        | the form of a path    | "../a/b"  |
        | the form of a number  | "007"     |

    @A6.1 @requires_current_fields
    Example: Sessions have request ids of their own after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was set to 2
      And "x" was set to 3, with the request id "r-1"
      And in session "blue", an integer variable "x" holding 1
      And the bridge was killed and restarted
      When in session "blue", "x" is set to 4, with the request id "r-1"
      Then the answer is version 2
      And in session "blue", "x" holds 4 at version 2

    @requires_current_service
    Example: Every field of a registered tool survives a crash
      Given a bridge with a data directory
      And the tool "train" was registered with the metadata {"owner": "Ada 🚀"} and the parameters:
        | name  | type    | required | default | constraints          | description |
        | rate  | float   | no       | 0.5     | {"min": 0, "max": 1} | how fast    |
        | steps | integer | yes      |         |                      | how often   |
        | bias  | float   | no       | 0       |                      |             |
        | label | string  | no       | ""      |                      |             |
        | fast  | boolean | no       | false   |                      |             |
      When the bridge is killed and restarted
      Then the tool "train" is listed as it was registered

    @requires_current_service
    Example: The order of registered tools survives a crash
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      And these tools are registered:
        | name   | takes |
        | "best" | []    |
      When the bridge is killed and restarted
      Then the tools are listed in the order "train", "ask" and "best"

    @requires_current_fields @requires_caps
    Example: The oldest request id is forgotten first, also after a crash
      Given a bridge with a data directory and the flags "--request-ids 2"
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-b"
      And "x" was set to 3, with the request id "r-a"
      And the bridge was killed and restarted
      And "x" was set to 4, with the request id "r-c"
      When "x" is set to 3, with the request id "r-a"
      Then the answer is version 3
      And "x" still holds 4 at version 4

    Example: A dependency notifies watches of the follower after a crash
      Given a bridge with a data directory
      And the variables:
        | name   | type    | value |
        | first  | integer | 1     |
        | second | integer | 1     |
      And a "tuned for" dependency of "second" on "first" was added
      And the bridge was killed and restarted
      And Ada watches "second"
      When "first" is set to 2
      Then Ada receives:
        | update            | variable | version | metadata                                                                 |
        | dependency change | second   | 1       | {"cause": "first", "cause_version": "2", "dependency_type": "tuned for"} |
      And Ada receives nothing else

    Example: The optimizer that locked a variable changes and releases it after a crash
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "mipro" locked "x"
      And the bridge was killed and restarted
      And "x" was set to 0.2, for the optimizer "mipro"
      When the optimizer "mipro" releases "x" by force
      Then the final value is 0.2
      And "x" is not locked

    @requires_current_fields
    Example: A repeat that differs gets the first answer after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-é"
      And the optimizer "mipro" locked "x"
      And the bridge was killed and restarted
      When "x" is set to "three", with the request id "r-é"
      Then the answer is version 2
      And "x" still holds 2 at version 2

    @requires_current_fields
    Scenario Outline: A repeat gets the first answer after a delete when the bridge is <ended>
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-1"
      And "x" was deleted
      And the bridge was <ended> and restarted
      When "x" is set to 2, with the request id "r-1"
      Then the answer is version 2
      And there is no variable "x"

      Examples:
        | ended   |
        | killed  |
        | stopped |

    @P6.2
    Example: A session that was opened again has nothing of the old one after a crash
      Given a bridge with a data directory
      And an integer variable "old" holding 1
      And the session was cleaned up
      And an integer variable "new" holding 2
      And the bridge was killed and restarted
      When the variables are listed
      Then the names listed are "new"

    @P6.3 @requires_current_fields
    Example: Updates of every kind are received after a crash, with authors and metadata
      Given a bridge with a data directory
      And the variables:
        | name   | type    | value |
        | first  | integer | 1     |
        | second | integer | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches every variable
      And "second" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "first" was set to 3, with the metadata {"changed_by": "Ben", "reason": "tuning"}
      And "second" was rolled back to version 1
      And "third" was registered as a string holding "new", with the metadata {"changed_by": "Cy"}
      And "third" was deleted, with the metadata {"changed_by": "Di", "reason": "unused"}
      And the bridge was killed and restarted
      When Ada resumes watching every variable
      Then Ada receives:
        | update            | variable | value | previous | version | changed by            | metadata                                        |
        | value change      | first    | 3     | 1        | 2       | Ben                   | {"reason": "tuning"}                            |
        | dependency change | second   | 2     |          | 2       |                       | {"cause": "first", "dependency_type": "scaled"} |
        | value change      | second   | 1     | 2        | 3       | rollback to version 1 |                                                 |
        | registered        | third    | "new" |          | 1       | Cy                    |                                                 |
        | deleted           | third    | "new" |          | 1       | Di                    | {"reason": "unused"}                            |
      And Ada receives nothing else

    @requires_current_fields
    Example: A resumed watch does not continue with a new variable of the same name after a crash
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      And Ada watches "x" and "y"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And an integer variable "x" holding 5
      And the bridge was killed and restarted
      And "x" was set to 6
      And "y" was set to 7
      When Ada resumes watching "x" and "y"
      Then Ada receives:
        | update       | variable | value | version |
        | deleted      | x        | 2     | 2       |
        | value change | y        | 7     | 2       |

    @P6.1 @A6 @A6.1 @requires_current_fields
    Example: A set that is repeated after two crashes applies once
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was set to 2, with the request id "r-1"
      And the bridge was killed and restarted
      And the bridge was killed and restarted
      When "x" is set to 3, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 2 at version 2

    @P6.2 @requires_current_service
    Example: Registered tools survive two crashes
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And the bridge was killed and restarted
      When the bridge is killed and restarted
      Then the registered tools are "train"
      And the tool "train" takes {"rate": "float"}
