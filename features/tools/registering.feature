@tools @requires_current_service
Feature: Registering tools
  Clients can register tools of their own in a session. Such a tool belongs to that session only, and takes precedence
  over a tool of the bridge with the same name.

  @X1 @X7
  Rule: A session lists the tools that were registered in it

    Example: Tools are listed in the order of their registration
      Given an open session
      When these tools are registered:
        | name    | takes                                   |
        | "train" | [["rate", "float"], ["data", "tensor"]] |
        | "ask"   | [["what", "any"]]                       |
      Then the registered tools are "train" and "ask"
      And the tool "train" takes {"rate": "float", "data": "tensor"}
      And the tools have different ids

    Example: Registering tools keeps those that were registered before
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name  | takes |
        | "ask" | []    |
      Then the registered tools are "train" and "ask"

    Example: A tool is listed with every field of its registration
      Given an open session
      When the tool "train" is registered with the metadata {"owner": "Ada"} and the parameters:
        | name  | type    | required | default | constraints          | description |
        | rate  | float   | no       | 0.5     | {"min": 0, "max": 1} | how fast    |
        | steps | integer | yes      |         |                      | how often   |
        | data  | any     | yes      |         |                      | on what     |
      Then the tool "train" is listed as it was registered

    Example: A session without registered tools lists none
      Given an open session
      When the registered tools are listed
      Then no tools are registered

    Example: Tools cannot be listed in a session that is not open
      When the registered tools are listed
      Then it is refused as not found, saying "Session not found"
      And the session is not open

  @X1
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

  @X1
  Rule: A session's own tools take precedence

    @requires_standard_tools
    Example: A session offers its own tools and those of the bridge
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is opened again
      Then the session offers the tools:
        | name  |
        | train |
        | echo  |
        | add   |

    @requires_standard_tools
    Example: A registered tool takes precedence over one of the bridge with the same name
      Given an open session
      When these tools are registered:
        | name  | takes                 |
        | "add" | [["words", "string"]] |
      Then the tool "add" takes {"words": "string"}
      And the registered tools are "add"

  @X1
  Rule: A session's description counts the bridge's tools and its own

    Example: A session's description counts its tools
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is described
      Then the description counts all tools that the session offers

  @S1
  Rule: Registering tools opens the session, and a refused registration does not

    Example: A registration of tools opens the session
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And the session is open

    Scenario Outline: A registration of tools with <what> is refused
      When these tools are registered:
        | name   | takes   |
        | "fine" | []      |
        | <name> | <takes> |
      Then it is refused as invalid
      And the session is not open

      Examples:
        | what                     | name    | takes              |
        | an empty name            | ""      | []                 |
        | a name with a line break | "a\nb"  | []                 |
        | an unknown type          | "train" | [["rate", "real"]] |

  @S7
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

  @X1 @S4
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

  @S3
  Rule: A registered tool belongs to one session

    Example: A registered tool is not listed or offered in another session
      Given in session "blue", an open session
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And in session "blue", no tools are registered
      And in session "blue", the session does not offer the tool "train"

  @S4
  Rule: The end of a session ends its tools

    Example: A clean-up counts the registered tools
      Given a float variable "x" holding 0.5
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When the session is cleaned up
      Then 3 resources are cleaned up

    Example: A session that is opened again has no registered tools
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the session was cleaned up
      When the session is opened
      Then no tools are registered
      And the session does not offer the tool "train"

  @X2
  Rule: Parameters of a registered tool are checked before its host is called

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

    Example: An array of raw bytes is accepted as a tensor parameter
      Given these tools are registered:
        | name    | takes                |
        | "train" | [["data", "tensor"]] |
      When the tool "train" runs with the parameter "data" as float32 array [0.5, 1.5]
      Then it is refused as unavailable
      And the refusal names the host of the tool
      And the registered tools are "train"

    Example: A call of a registered tool without a required parameter is refused
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When the registered tool "train" runs
      Then it is refused as invalid
      And the registered tools are "train"

    Example: A streaming call of a registered tool that does not stream is refused
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" streams
      Then it is refused as invalid
      And the registered tools are "train"

  @X7
  Rule: One call runs registered tools only

    @requires_standard_tools
    Example: A tool of the bridge is not found as a registered tool
      Given an open session
      When the registered tool "echo" runs with {"message": "hello"}
      Then it is refused as not found
      And no tools are registered

    Example: A registered tool of another session is not found
      Given an open session
      And in session "blue", these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the registered tool "train" runs
      Then it is refused as not found
      And in session "blue", the registered tools are "train"

    Example: A registered tool is not found in a session that is not open
      When the registered tool "train" runs
      Then it is refused as not found, saying "Session not found"
      And the session is not open

  @X7
  Rule: A tool's host is on this machine, unless the bridge was started to allow others

    Scenario Outline: A tool's host <address> on another machine is not permitted
      Given the session was opened
      When these tools are registered:
        | name    | takes | host      |
        | "train" | []    | <address> |
      Then it is refused as not permitted
      And no tools are registered

      Examples:
        | address             |
        | 192.0.2.1:50051     |
        | [2001:db8::1]:50051 |
        | tools.example:50051 |

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

  @X7
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
