@tools @requires_current_service
Feature: Registering tools
  Clients can register tools of their own in a session. Such a tool belongs to that session only, and takes precedence
  over a tool of the bridge with the same name.

  @X1 @X7 @S2
  Rule: A session lists the tools that were registered in it

    @X1.6 @X7.5
    Example: Tools are listed in the order of their registration
      Given an open session
      When these tools are registered:
        | name    | takes                                   |
        | "train" | [["rate", "float"], ["data", "tensor"]] |
        | "ask"   | [["what", "any"]]                       |
      Then the registered tools are "train" and "ask"
      And the tool "train" takes {"rate": "float", "data": "tensor"}
      And the tools have different ids

    @X7.5
    Example: Registering tools keeps those that were registered before
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name  | takes |
        | "ask" | []    |
      Then the registered tools are "train" and "ask"

    @X7.5
    Example: A tool is listed with every field of its registration
      Given an open session
      When the tool "train" is registered with the metadata {"owner": "Ada"} and the parameters:
        | name  | type    | required | default | constraints          | description |
        | rate  | float   | no       | 0.5     | {"min": 0, "max": 1} | how fast    |
        | steps | integer | yes      |         |                      | how often   |
        | data  | any     | yes      |         |                      | on what     |
        | bias  | float   | no       | 0       |                      |             |
        | label | string  | no       | ""      |                      |             |
        | fast  | boolean | no       | false   |                      |             |
      Then the tool "train" is listed as it was registered

    @X7.5 @V2 @V2.2
    Example: A tool is listed with texts, metadata and defaults as they are
      Given an open session
      When the tool "train" is registered with the metadata {"schlüssel 🚀": "e\u0301", "empty": ""} and the parameters:
        | name  | type    | required | default          | constraints | description |
        | steps | integer | no       | 9007199254740993 |             | wie oft 🚀  |
        | rate  | float   | no       | -0.0             |             |             |
        | bias  | float   | no       | NaN              |             |             |
        | label | string  | no       | "é 🚀"           |             |             |
      Then the tool "train" is listed as it was registered

    @X7.5
    Example: A session without registered tools lists none
      Given an open session
      When the registered tools are listed
      Then no tools are registered

    @S2.1
    Example: Tools cannot be listed in a session that is not open
      When the registered tools are listed
      Then it is refused as not found, saying "Session not found"
      And the session is not open

    @X1.5 @X7.5 @S1 @S1.1
    Example: Ten clients register a tool each at the same time
      When 10 clients at once each register the tool "tool_" with a number of their own
      Then all are accepted
      And the registered tools are "tool_0", "tool_1", "tool_2", "tool_3", "tool_4", "tool_5", "tool_6", "tool_7", "tool_8" and "tool_9"

  @X1 @X1.5
  Rule: Registering a name again replaces the tool

    Example: A tool that is registered again takes its new parameters
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
        | "ask"   | []                  |
      When these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      Then the tool "train" takes {"steps": "integer"}
      And the registered tools are "train" and "ask"

    @X1.5 @X4 @X4.3
    Example: A tool that is registered again as one that does not stream cannot be streamed
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | yes      |         |             |             |
      And these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When the tool "train" streams with {"rate": 0.5}
      Then it is refused as invalid
      And the registered tools are "train"

  @X1
  Rule: A session's own tools take precedence

    @S1 @S1.2 @X1.7 @requires_standard_tools
    Example: A session offers its own tools and those of the bridge
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is opened again
      Then the session offers the tools:
        | name  | takes                        | required    | streams |
        | train | {}                           | []          | false   |
        | echo  | {"message": "string"}        | ["message"] | false   |
        | add   | {"a": "float", "b": "float"} | ["a", "b"]  | false   |

    @X1.5 @requires_standard_tools
    Example: A registered tool takes precedence over one of the bridge with the same name
      Given an open session
      When these tools are registered:
        | name  | takes                 |
        | "add" | [["words", "string"]] |
      Then the tool "add" takes {"words": "string"}
      And the registered tools are "add"

  @X1 @X1.7
  Rule: A session's description counts the bridge's tools and its own

    Example: The description of a session without tools of its own counts the bridge's
      Given an open session
      When the session is described
      Then the description counts all tools that the session offers

    Example: A session's description counts its tools
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is described
      Then the description counts all tools that the session offers

    @X1.5 @requires_standard_tools
    Example: A session's description counts a tool that replaces one of the bridge once
      Given these tools are registered:
        | name  | takes                 |
        | "add" | [["words", "string"]] |
      When the session is described
      Then the description counts all tools that the session offers

    @X1.5
    Example: A session's description counts a tool that was registered twice once
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      And these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      When the session is described
      Then the description counts all tools that the session offers

  @S1 @X1
  Rule: Registering tools opens the session, and a refused registration does not

    @S1.1
    Example: A registration of tools opens the session
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And the session is open

    @S1.3 @X1.6
    Scenario Outline: A registration of tools with <what> is refused
      When these tools are registered:
        | name   | takes   |
        | "fine" | []      |
        | <name> | <takes> |
      Then it is refused as invalid
      And the session is not open

      Examples:
        | what                     | name    | takes                |
        | an empty name            | ""      | []                   |
        | a name with a line break | "a\nb"  | []                   |
        | an unknown type          | "train" | [["rate", "real"]]   |
        | a type of JSON Schema    | "train" | [["rate", "number"]] |
        | a type of Python         | "train" | [["rate", "int"]]    |
        | a type in capitals       | "train" | [["rate", "Float"]]  |

    @S1.3
    Example: A registration of a tool whose host is not permitted opens no session
      When these tools are registered:
        | name    | takes | host            |
        | "train" | []    | 192.0.2.1:50051 |
      Then it is refused as not permitted
      And the session is not open

  @S7 @S7.1
  Rule: A tool's name is 1 to 256 characters

    Example: A tool's name may have 256 characters
      When these tools are registered:
        | name                     | takes |
        | a text of 256 characters | []    |
      Then it is accepted

    Example: A tool's name of 257 characters is refused
      Given an open session
      When these tools are registered:
        | name                     | takes |
        | a text of 257 characters | []    |
      Then it is refused as invalid
      And no tools are registered

  @X1 @X1.6
  Rule: A refused registration leaves the tools as they were

    Example: One bad tool in a registration refuses all of them
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When these tools are registered:
        | name    | takes                  |
        | "ask"   | []                     |
        | "train" | [["steps", "integer"]] |
        | "odd"   | [["rate", "real"]]     |
      Then it is refused as invalid
      And the registered tools are "train"
      And the tool "train" takes {"rate": "float"}

  @X1 @X1.7
  Rule: A registered tool belongs to one session

    Example: A registered tool is not listed or offered in another session
      Given in session "blue", an open session
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And in session "blue", no tools are registered
      And in session "blue", the session does not offer the tool "train"

    @X1.7 @S3
    Example: Tools of one name in two sessions have different parameters
      Given in session "blue", these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      Then the tool "train" takes {"steps": "integer"}
      And in session "blue", the tool "train" takes {"rate": "float"}
      And in session "blue", the registered tools are "train"

  @S4 @S4.1 @X1
  Rule: The end of a session ends its tools

    Example: A clean-up counts the registered tools
      Given a float variable "x" holding 0.5
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When the session is cleaned up
      Then 3 resources are cleaned up

    @requires_standard_tools
    Example: A clean-up counts a tool that replaces one of the bridge, and one that was registered twice
      Given these tools are registered:
        | name    | takes                 |
        | "add"   | [["words", "string"]] |
        | "train" | [["rate", "float"]]   |
      And these tools are registered:
        | name    | takes                  |
        | "train" | [["steps", "integer"]] |
      When the session is cleaned up
      Then 2 resources are cleaned up

    @X1.5 @S6 @S6.1 @requires_standard_tools
    Example: A tool of the bridge runs again after the session that had replaced it was cleaned up
      Given these tools are registered:
        | name   | takes                   |
        | "echo" | [["message", "string"]] |
      And the session was cleaned up
      And an open session
      When the tool "echo" runs with {"message": "hello"}
      Then the tool answers "hello"

    Example: A session that is opened again has no registered tools
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the session was cleaned up
      When the session is opened
      Then no tools are registered
      And the session does not offer the tool "train"

    @X2 @X2.3 @S6 @S6.1
    Example: A tool that has been called is not found in a session that is opened again
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      And a refused attempt, in which the tool "train" runs
      And the session was cleaned up
      And an open session
      When the tool "train" runs
      Then it is refused as not found
      And no tools are registered

    @S4.1 @X1.7
    Example: A clean-up leaves the tools of other sessions registered
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      And in session "blue", these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is cleaned up
      Then 1 resource is cleaned up
      And in session "blue", the registered tools are "train"

  @X2 @X4
  Rule: Parameters of a registered tool are checked before its host is called

    @X2.1
    Scenario Outline: A call of a registered tool with <what> is refused
      Given these tools are registered:
        | name    | takes                                     |
        | "train" | [["rate", "float"], ["steps", "integer"]] |
      When the tool "train" runs with {"<first>": 0.5, "<second>": <value>}
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | what                        | first | second | value  |
        | a parameter of another type | rate  | steps  | "many" |
        | an unknown parameter        | rate  | size   | 3      |
        | a parameter in another case | rate  | Steps  | 3      |

    @X2.1
    Example: A call with a parameter of a registered tool that takes none is refused
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" runs with {"size": 3}
      Then it is refused as invalid
      And the registered tools are "train"

    @X2.1
    Example: An array of raw bytes is accepted as a tensor parameter
      Given these tools are registered:
        | name    | takes                |
        | "train" | [["data", "tensor"]] |
      When the tool "train" runs with the parameter "data" as float32 array [0.5, 1.5]
      Then it is refused as unavailable
      And the registered tools are "train"

    @X2.1
    Scenario Outline: A parameter of the type <kind> refuses <value>
      Given these tools are registered:
        | name    | takes              |
        | "train" | [["it", "<kind>"]] |
      When the tool "train" runs with the parameter "it" as <value>
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | kind    | value                                                                                                                                                                  |
        | float   | the text `NaN`                                                                                                                                                         |
        | boolean | "true"                                                                                                                                                                 |
        | boolean | 0                                                                                                                                                                      |
        | module  | 5                                                                                                                                                                      |
        | integer | true                                                                                                                                                                   |
        | integer | "5"                                                                                                                                                                    |
        | float   | "0.5"                                                                                                                                                                  |
        | tensor  | the header `{"type": "tensor", "shape": [2], "dtype": "float32", "binary_format": "raw"}` with 7 bytes under the type_url "type.googleapis.com/snakepit.tensor.binary" |
        | any     | the text `{not json` under the type_url "type.googleapis.com/snakepit.json"                                                                                            |
        | any     | the text `NaN` under the type_url "type.googleapis.com/snakepit.json"                                                                                                  |
        | any     | the text `[1e400]` under the type_url "type.googleapis.com/snakepit.json"                                                                                              |
        | any     | the text `{"a": 1, "a": 2}` under the type_url "type.googleapis.com/snakepit.json"                                                                                     |
        | any     | the header `{"type": "tensor", "shape": [2], "dtype": "float32", "binary_format": "raw"}` with 7 bytes under the type_url "type.googleapis.com/snakepit.tensor.binary" |
        | any     | arrays nested 65 deep                                                                                                                                                  |

    @X2.1
    Scenario Outline: A parameter of the type <kind> takes <value>
      Given these tools are registered:
        | name    | takes              |
        | "train" | [["it", "<kind>"]] |
      When the tool "train" runs with the parameter "it" as <value>
      Then it is refused as unavailable

      Examples:
        | kind    | value                    |
        | boolean | false                    |
        | module  | "a"                      |
        | any     | float32 array [0.5, 1.5] |
        | any     | arrays nested 64 deep    |

    @X2.1
    Scenario Outline: The list <value> is refused for a parameter of the type <kind>
      Given these tools are registered:
        | name    | takes              |
        | "train" | [["it", "<kind>"]] |
      When the tool "train" runs with {"it": <value>}
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | kind      | value   |
        | embedding | []      |
        | embedding | [[0.5]] |
        | embedding | ["1"]   |
        | tensor    | [1]     |

    @X2.1
    Scenario Outline: A required parameter of the type any takes <value>
      Given these tools are registered:
        | name    | takes           |
        | "train" | [["it", "any"]] |
      When the tool "train" runs with {"it": <value>}
      Then it is refused as unavailable

      Examples:
        | value |
        | false |
        | 0     |
        | ""    |
        | []    |
        | {}    |

    @X2.1
    Example: A call of a registered tool without a required parameter is refused
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When the registered tool "train" runs
      Then it is refused as invalid
      And the registered tools are "train"

    @X2.1
    Scenario Outline: A call for registered tools with <what> is refused
      Given these tools are registered:
        | name    | takes                                     |
        | "train" | [["rate", "float"], ["steps", "integer"]] |
      When the registered tool "train" runs with <arguments>
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | what                        | arguments                            |
        | a parameter of another type | {"rate": 0.5, "steps": "many"}       |
        | an unknown parameter        | {"rate": 0.5, "steps": 3, "size": 3} |

    @X4.3
    Example: A streaming call of a registered tool that does not stream is refused
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" streams
      Then it is refused as invalid
      And the registered tools are "train"

    @X2.1
    Scenario Outline: A streaming call of a registered tool with <what> is refused
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | yes      |         |             |             |
      When the tool "train" streams with <arguments>
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | what                  | arguments                |
        | an unknown parameter  | {"rate": 0.5, "size": 3} |
        | no required parameter | {}                       |

    @X2.1
    Example: An array of raw bytes is accepted as an embedding parameter
      Given these tools are registered:
        | name    | takes                    |
        | "train" | [["query", "embedding"]] |
      When the tool "train" runs with the parameter "query" as the header `{"type": "embedding", "shape": [2], "dtype": "float32", "binary_format": "raw"}` with 8 bytes under the type_url "type.googleapis.com/snakepit.embedding.binary"
      Then it is refused as unavailable
      And the registered tools are "train"

  @X7 @S2
  Rule: One call runs registered tools only

    @X7.5 @requires_standard_tools
    Example: A tool of the bridge is not found as a registered tool
      Given an open session
      When the registered tool "echo" runs with {"message": "hello"}
      Then it is refused as not found
      And no tools are registered

    @X7.5
    Example: A registered tool of another session is not found
      Given an open session
      And in session "blue", these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the registered tool "train" runs
      Then it is refused as not found
      And in session "blue", the registered tools are "train"

    @S2.1
    Example: A registered tool is not found in a session that is not open
      When the registered tool "train" runs
      Then it is refused as not found, saying "Session not found"
      And the session is not open

  @X7 @X7.3
  Rule: A tool's host is on this machine, unless the bridge was started to allow others

    Scenario Outline: A tool's host <address> on another machine is not permitted
      Given these tools are registered:
        | name  | takes |
        | "ask" | []    |
      When these tools are registered:
        | name    | takes | host      |
        | "train" | []    | <address> |
      Then it is refused as not permitted
      And the registered tools are "ask"

      Examples:
        | address                 |
        | 192.0.2.1:50051         |
        | 10.0.0.1:50051          |
        | 192.168.0.1:50051       |
        | [2001:db8::1]:50051     |
        | tools.example:50051     |
        | 127.tools.example:50051 |
        | localhost.example:50051 |
        | 0.0.0.0:50051           |
        | [::]:50051              |

    Scenario Outline: A tool's host <address> is on this machine
      When these tools are registered:
        | name    | takes | host      |
        | "train" | []    | <address> |
      Then the registered tools are "train"

      Examples:
        | address         |
        | 127.0.0.1:50051 |
        | 127.1.2.3:50051 |
        | localhost:50051 |
        | [::1]:50051     |

  @X7 @X7.4
  Rule: A tool whose host does not answer is unavailable

    Example: A tool is unavailable if its host does not answer
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" runs
      Then it is refused as unavailable
      And the refusal names the host of the tool
      And the registered tools are "train"

    Example: A registered tool is unavailable if its host does not answer
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the registered tool "train" runs
      Then it is refused as unavailable
      And the refusal names the host of the tool
      And the registered tools are "train"

  @X7 @X1 @S1 @S4 @X7.5
  Rule: Registered tools are listed in the order of their registration

    Example: Tools of several registrations are listed in their order
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When these tools are registered:
        | name   | takes |
        | "plan" | []    |
        | "best" | []    |
      Then the tools are listed in the order "train", "ask", "plan" and "best"

    @S1 @X1.6
    Example: A hundred and twenty tools are registered, listed and offered
      Given an open session
      When 120 tools "t" are registered
      Then the 120 tools "t" are listed in this order, and offered

    @S1.4
    Example: A session's description counts a hundred and twenty tools
      Given 120 tools "t" were registered
      When the session is described
      Then the description counts all tools that the session offers

    @S4.1
    Example: A clean-up counts a hundred and twenty tools
      Given 120 tools "t" were registered
      When the session is cleaned up
      Then 120 resources are cleaned up

  @X2 @X2.1
  Rule: Arguments are checked against the constraints of their parameters

    Scenario Outline: An argument <value> for the constrained parameter <name> is refused
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name  | type      | required | default | constraints                    | description |
        | rate  | float     | no       |         | {"min": 0, "max": 1}           |             |
        | steps | integer   | no       |         | {"min": 1}                     |             |
        | label | string    | no       |         | {"pattern": "^[a-z]+$"}        |             |
        | mode  | choice    | no       |         | {"choices": ["fast", "exact"]} |             |
        | query | embedding | no       |         | {"dimensions": 2}              |             |
      When the tool "train" streams with {"<name>": <value>}
      Then it is refused as invalid, saying "<because>"
      And the registered tools are "train"

      Examples:
        | name  | value  | because                        |
        | rate  | 1.5    | is above maximum               |
        | rate  | -0.5   | is below minimum               |
        | steps | 0      | is below minimum               |
        | label | "A"    | must match pattern             |
        | mode  | "slow" | must be one of                 |
        | query | [0.5]  | must have exactly 2 dimensions |

    Scenario Outline: An argument <value> within the constraints of the parameter <name> reaches the host
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name  | type      | required | default | constraints                    | description |
        | rate  | float     | no       |         | {"min": 0, "max": 1}           |             |
        | steps | integer   | no       |         | {"min": 1}                     |             |
        | label | string    | no       |         | {"pattern": "^[a-z]+$"}        |             |
        | mode  | choice    | no       |         | {"choices": ["fast", "exact"]} |             |
        | query | embedding | no       |         | {"dimensions": 2}              |             |
        | data  | any       | no       |         |                                |             |
      When the tool "train" streams with {"<name>": <value>}
      Then it is refused as unavailable

      Examples:
        | name  | value        |
        | rate  | 1.0          |
        | rate  | 0.0          |
        | steps | 1            |
        | label | "abc"        |
        | mode  | "exact"      |
        | query | [0.5, 0.25]  |
        | data  | [1, "a", {}] |
        | data  | "text"       |
        | data  | 5            |

    Example: Parameters that are not required may be left out
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name  | type    | required | default | constraints | description |
        | rate  | float   | no       |         | {"min": 0}  |             |
        | steps | integer | no       | 5       |             |             |
      When the tool "train" streams
      Then it is refused as unavailable

    Scenario Outline: An optional parameter refuses <value>, which is of another type
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | no       | 0.5     |             |             |
      When the tool "train" streams with {"rate": <value>}
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | value |
        | "no"  |
        | true  |
        | [0.5] |
        | null  |

    Example: An argument in raw bytes is checked against the constraints of its parameter
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name | type   | required | default | constraints    | description |
        | data | tensor | yes      |         | {"shape": [2]} |             |
      When the tool "train" runs with the parameter "data" as float32 array [0.5, 1.5, 2.5]
      Then it is refused as invalid, saying "shape must be"
      And the registered tools are "train"

    Example: A call for registered tools checks the constraints of parameters
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | yes      |         | {"max": 1}  |             |
      When the registered tool "train" runs with {"rate": 1.5}
      Then it is refused as invalid, saying "is above maximum"
      And the registered tools are "train"

    Example: A call with two arguments at fault is refused
      Given the tool "train" was registered with the metadata {} and the parameters:
        | name  | type    | required | default | constraints | description |
        | rate  | float   | yes      |         | {"max": 1}  |             |
        | steps | integer | yes      |         |             |             |
      When the tool "train" streams with {"rate": 2.0, "steps": "many"}
      Then it is refused as invalid
      And the registered tools are "train"

  @X1 @X1.6
  Rule: A registration with an invalid parameter is refused as a whole

    Scenario Outline: A registration with <what> is refused
      Given these tools are registered:
        | name  | takes |
        | "ask" | []    |
      When the tool "train" is registered with the metadata {} and the parameters:
        | name  | type   | required | default   | constraints   | description |
        | steps | float  | yes      |           |               |             |
        | other | <type> | no       | <default> | <constraints> |             |
      Then it is refused as invalid
      And the registered tools are "ask"

      Examples:
        | what                                   | type    | default | constraints          |
        | a default of another type              | integer | "five"  |                      |
        | a default that its constraints refuse  | float   | 2.5     | {"max": 1}           |
        | constraints of another type            | float   |         | {"pattern": "a"}     |
        | an unknown constraint                  | float   |         | {"minimum": 1}       |
        | constraints that contradict each other | float   |         | {"min": 2, "max": 1} |
        | a pattern that RE2 cannot compile      | string  |         | {"pattern": "(?=a)"} |

    Scenario Outline: A parameter's name <name> makes a registration invalid
      Given an open session
      When these tools are registered:
        | name    | takes               |
        | "train" | [[<name>, "float"]] |
      Then it is refused as invalid
      And no tools are registered

      Examples:
        | name             |
        | ""               |
        | "line\nbreak"    |
        | "next\u0085line" |

    @S7 @S7.1
    Scenario Outline: A parameter may have the name <name>
      Given these tools are registered:
        | name    | takes               |
        | "train" | [[<name>, "float"]] |
      When the tool "train" runs with {<name>: 0.5}
      Then it is refused as unavailable

      Examples:
        | name            |
        | "learning-rate" |
        | "größe"         |
        | "a b"           |
        | "0"             |
        | "constructor"   |

  @S7 @S7.1
  Rule: Any character counts as one in a tool's name

    Scenario Outline: The tool name <name> is valid
      When these tools are registered:
        | name   | takes |
        | <name> | []    |
      Then the registered tools are <listed>

      Examples:
        | name        | listed      |
        | "a/b"       | "a/b"       |
        | "zeichne 🚀" | "zeichne 🚀" |
        | "e\u0301"   | "e\u0301"   |
        | " "         | " "         |
        | "__proto__" | "__proto__" |

    Scenario Outline: A tool's name of 256 characters <character> is valid
      When these tools are registered:
        | name                                 | takes |
        | a text of 256 characters <character> | []    |
      Then it is accepted

      Examples:
        | character |
        | "é"       |
        | "🚀"       |

    Scenario Outline: A tool's name of 257 characters <character> is refused
      Given an open session
      When these tools are registered:
        | name                                 | takes |
        | a text of 257 characters <character> | []    |
      Then it is refused as invalid
      And no tools are registered

      Examples:
        | character |
        | "é"       |
        | "🚀"       |
        | "\u0301"  |

    Scenario Outline: The tool name <name>, which has a control character, is refused
      Given an open session
      When these tools are registered:
        | name   | takes |
        | <name> | []    |
      Then it is refused as invalid
      And no tools are registered

      Examples:
        | name             |
        | "bell\u0007"     |
        | "next\u0085line" |

    Scenario Outline: The names <name> and <other> are two tools
      Given these tools are registered:
        | name   | takes |
        | <name> | []    |
      When these tools are registered:
        | name    | takes               |
        | <other> | [["rate", "float"]] |
      Then the registered tools are <other> and <name>
      And the tool <name> takes {}

      Examples:
        | name    | other     |
        | "é"     | "e\u0301" |
        | "train" | "Train"   |
        | "train" | "train "  |

  @X1 @X1.5
  Rule: A session's own tool is run in place of the bridge's

    @requires_standard_tools
    Scenario Outline: A registered tool <how> in place of the bridge's tool of the same name
      Given the tool "count" was registered with the metadata {} and the parameters:
        | name | type    | required | default | constraints | description |
        | n    | integer | yes      |         |             |             |
      When the tool "count" <how> with {"n": 3}
      Then it is refused as unavailable

      Examples:
        | how     |
        | runs    |
        | streams |

    @requires_standard_tools
    Example: A registered tool that does not stream replaces a streaming tool of the bridge
      Given these tools are registered:
        | name    | takes              |
        | "count" | [["n", "integer"]] |
      When the tool "count" streams with {"n": 3}
      Then it is refused as invalid
      And the registered tools are "count"

    @requires_standard_tools @S3
    Example: A tool that one session has replaced is the bridge's own in another
      Given in session "blue", these tools are registered:
        | name   | takes                   |
        | "echo" | [["message", "string"]] |
      And an open session
      When the tool "echo" runs with {"message": "hello"}
      Then the tool answers "hello"

    Example: A tool that is registered again has nothing of its earlier registration
      Given the tool "train" was registered with the metadata {"owner": "Ada"} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | no       | 0.5     | {"max": 1}  | how fast    |
      When the tool "train" is registered with the metadata {"team": "blue"} and the parameters:
        | name | type  | required | default | constraints | description |
        | rate | float | yes      |         |             |             |
      Then the tool "train" is listed as it was registered
      And the registered tools are "train"
