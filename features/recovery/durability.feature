@recovery @requires_process @requires_durable
Feature: What survives the death of the process
  A bridge with a data directory may be killed at any moment, and started again: whoever was told that a
  change is made finds it made, all of it, and goes on where it was.

  @P6
  Rule: Every acknowledged change is there after a crash

    Scenario Outline: A value, when the bridge is <ended>
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1
      And "learning_rate" was set to 0.05
      When the bridge is <ended> and started again
      Then "learning_rate" still holds 0.05 at version 2

      Examples:
        | ended   |
        | killed  |
        | stopped |

    Example: All that is known of a variable
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And "learning_rate" was set to 0.05, with the metadata {"source": "elixir", "reason": "tuning"}
      And the state of "learning_rate" was noted
      When the bridge is killed and started again
      Then the state of "learning_rate" is as noted

    Example: Variables of every type
      Given a bridge with a data directory
      And the variables:
        | name  | type      | value                                       |
        | rate  | float     | 5e-324                                      |
        | limit | integer   | 9007199254740993                            |
        | text  | string    | "héllo, wörld 🚀"                           |
        | on    | boolean   | true                                        |
        | embed | embedding | [0.1, -0.0, 1e300]                          |
        | table | tensor    | {"shape": [2, 2], "data": [[1, 2], [3, 4]]} |
        | large | tensor    | float64 array of shape [512, 512]           |
      And the bridge was killed and started again
      When the session is opened again
      Then the session holds the variables:
        | name  | type      | value                                       | version |
        | rate  | float     | 5e-324                                      | 1       |
        | limit | integer   | 9007199254740993                            | 1       |
        | text  | string    | "héllo, wörld 🚀"                           | 1       |
        | on    | boolean   | true                                        | 1       |
        | embed | embedding | [0.1, -0.0, 1e300]                          | 1       |
        | table | tensor    | {"shape": [2, 2], "data": [[1, 2], [3, 4]]} | 1       |
        | large | tensor    | float64 array of shape [512, 512]           | 1       |

    Example: Its constraints hold on
      Given a bridge with a data directory
      And a float variable "learning_rate" holding 0.1 with:
        | min | max |
        | 0   | 1   |
      And the bridge was killed and started again
      When "learning_rate" is set to 1.5
      Then it is refused as invalid, saying "is above maximum"
      And "learning_rate" still holds 0.1 at version 1

    Example: Its history
      Given a bridge with a data directory
      And an integer variable "max_tokens" holding 1
      And "max_tokens" was incremented 3 times
      And the bridge was killed and started again
      When "max_tokens" is rolled back to version 2
      Then "max_tokens" holds 2 at version 5
      And the history of "max_tokens" has the versions 5 down to 1

    Example: What was deleted is gone, and its name is free
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was deleted
      And the bridge was killed and started again
      When "x" is registered as an integer holding 7
      Then "x" holds 7 at version 1

    Example: A session that was cleaned up is gone
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the session was cleaned up
      When the bridge is killed and started again
      Then the session is not open

    @requires_current_service
    Example: A session and what it was opened with
      Given a bridge with a data directory
      And an open session, with the metadata {"team": "ranking"}
      And the bridge was killed and started again
      When the session is described
      Then the description has:
        | metadata            |
        | {"team": "ranking"} |

    Example: The variables are listed in the order in which they were registered
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | b    | integer | 1     |
        | c    | integer | 1     |
        | a    | integer | 1     |
      And "b" was set to 2
      And the bridge was killed and started again
      When the variables are listed
      Then the names listed are "b", "c" and "a"

    @requires_current_service
    Example: The tools that were registered
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When the bridge is killed and started again
      Then the registered tools are "train"
      And the tool "train" takes {"rate": "float"}

    @requires_current_service
    Example: A tool that was replaced
      Given a bridge with a data directory
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      When the bridge is killed and started again
      Then the registered tools are "train"
      And the tool "train" takes {"steps": "integer"}

    Example: Who follows whom
      Given a bridge with a data directory
      And the variables:
        | name | type    | value |
        | rate | integer | 1     |
        | loss | integer | 1     |
      And a "derived" dependency of "loss" on "rate" was added
      And the bridge was killed and started again
      When a "follows" dependency of "rate" on "loss" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"

    Example: Who optimizes what
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the bridge was killed and started again
      When "x" is set to 0.2
      Then it is refused with FAILED_PRECONDITION, saying "variable_locked_for_optimization"
      And "x" still holds 0.1 at version 1

    Example: What an optimizer gave back is free
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the optimizer "tuner" locked "x"
      And the optimizer "tuner" released "x"
      And the bridge was killed and started again
      When "x" is set to 0.2
      Then "x" holds 0.2 at version 2
      And "x" is not locked

    Example: What was rolled back
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was set to 0.2
      And "x" was rolled back to version 1
      When the bridge is killed and started again
      Then "x" holds 0.1 at version 3
      And the history of "x" is:
        | version | value | changed by            |
        | 3       | 0.1   | rollback to version 1 |
        | 2       | 0.2   | client                |
        | 1       | 0.1   | client                |

    Example: A set that is repeated after the crash applies once
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And "x" was set to 0.2, with the request id "r-1"
      And "x" was set to 0.3
      And the bridge was killed and started again
      When "x" is set to 0.2, with the request id "r-1"
      Then the answer is version 2
      And "x" still holds 0.3 at version 3

    Example: Killed again and again while clients write
      Given a bridge with a data directory
      When 4 clients write until the bridge is killed, and it is started again, 3 times over
      Then every change that was acknowledged is there
      And whoever watched was told of each change once, and of none that is not there

  @P6 @A8
  Rule: No half of a batch is there after a crash

    Example: Killed again and again while batches are written
      Given a bridge with a data directory
      When 4 clients write batches until the bridge is killed, and it is started again, 3 times over
      Then every change that was acknowledged is there
      And every batch is there as a whole
      And whoever watched was told of each change once, and of none that is not there

    @requires_failpoints
    Scenario Outline: It dies <moment>
      Given a bridge with a data directory that will die <moment>
      And the variables:
        | name | type    | value |
        | x    | integer | 1     |
        | y    | integer | 1     |
      When these are set together with its last breath, and it is started again:
        | variable | value |
        | x        | 2     |
        | y        | 2     |
      Then "x" holds <value> at version <value>
      And "y" holds <value> at version <value>

      Examples:
        | moment                       | value |
        | in the middle of a batch     | 1     |
        | before a change is kept      | 1     |
        | after a change is kept       | 2     |

  @P6 @A3
  Rule: Versions go on upward

    Example: The next version after a crash
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And "x" was incremented 4 times
      And the bridge was killed and started again
      When "x" is set to 6
      Then the answer is version 6
      And the history of "x" has the versions 6 down to 1

  @P6 @W7
  Rule: A watch goes on after the crash where it stopped

    Example: Changes before the crash that it did not see, and changes after it
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was set to 3
      And "x" was set to 4
      And the bridge was killed and started again
      And "x" was set to 5
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 3     | 2        | 3       |
        | value change | 4     | 3        | 4       |
        | value change | 5     | 4        | 5       |
      And Ada receives nothing else

    Example: It was watching when the bridge died
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was incremented 3 times
      And Ada received 3 updates
      And the bridge was killed and started again
      And "x" was set to 5
      When Ada resumes watching "x"
      Then Ada receives:
        | update       | value | previous | version |
        | value change | 5     | 4        | 5       |
      And Ada receives nothing else

    Example: A deletion that it did not see
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was deleted
      And the bridge was killed and started again
      When Ada resumes watching every variable
      Then Ada receives:
        | update  | variable | value | version |
        | deleted | x        | 2     | 2       |

    Example: Too late is still too late
      Given a bridge with a data directory, started with "--watch-log-limit 5"
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And "x" was incremented 20 times
      And the bridge was killed and started again
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

    Example: From a session that was cleaned up and opened again
      Given a bridge with a data directory
      And an integer variable "x" holding 1
      And Ada watches "x"
      And "x" was set to 2
      And Ada received 1 update
      And Ada stopped watching
      And the session was cleaned up
      And the bridge was killed and started again
      And an integer variable "x" holding 1
      And "x" was incremented 5 times
      When Ada resumes watching "x"
      Then Ada's watch ends as out of range

  @P7
  Rule: One process has a data directory

    Example: A second one refuses to start
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      When another bridge is started on the same data directory
      Then it ends with an error within 5 s, and says why on stderr
      And "x" still holds 0.1 at version 1

    Example: After a kill it is free at once
      Given a bridge with a data directory
      When the bridge is killed and started again
      Then it answers a call at once

  @P2
  Rule: Data that cannot be used is refused, and left alone

    Example: A directory where nothing can be written
      When a bridge is started with a file as its data directory
      Then it ends with an error within 5 s, and says why on stderr

    Example: Data that is damaged
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      And the bridge was stopped, and each file in its data directory overwritten with noise
      When the bridge is started on it again
      Then it ends with an error within 5 s, and says why on stderr
      And the files in its data directory are as they were
