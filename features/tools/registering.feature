@tools @requires_current_service
Feature: Registering tools
  A client can bring tools of its own to a session. They are known there and nowhere else, and come before
  the bridge's own where names meet.

  @X1 @X7
  Rule: A session lists the tools that were registered in it

    Example: In order of registration
      Given an open session
      When these tools are registered:
        | name    | takes                                   |
        | "train" | [["rate", "float"], ["data", "tensor"]] |
        | "ask"   | [["what", "any"]]                       |
      Then the registered tools are "train" and "ask"
      And the tool "train" takes {"rate": "float", "data": "tensor"}
      And each tool has an id of its own

    Example: More of them
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name  | takes |
        | "ask" | []    |
      Then the registered tools are "train" and "ask"

    Example: With all that was told of it
      Given an open session
      When the tool "train" is registered with the metadata {"owner": "Ada"} and the parameters:
        | name  | type    | required | default | within               | description |
        | rate  | float   | no       | 0.5     | {"min": 0, "max": 1} | how fast    |
        | steps | integer | yes      |         |                      | how often   |
        | data  | any     | yes      |         |                      | on what     |
      Then the tool "train" is told of as it was registered

    Example: None
      Given an open session
      When the registered tools are listed
      Then no tools are registered

    Example: In a session that is not open
      When the registered tools are listed
      Then it is refused as not found, saying "Session not found"
      And the session is not open

  @X1
  Rule: Registering a name again replaces the tool

    Example: With other parameters
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
  Rule: A session's own tools come first where names meet

    @requires_standard_tools
    Example: They are offered beside the bridge's
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is opened again
      Then the session offers the tools "train", "echo" and "add"

    @requires_standard_tools
    Example: A tool named like one of the bridge's
      Given an open session
      When these tools are registered:
        | name  | takes                |
        | "add" | [["words", "string"]] |
      Then the tool "add" takes {"words": "string"}
      And the registered tools are "add"

  @S1
  Rule: Registering opens the session, and a refused registration does not

    Example: It opens
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And the session is open

    Scenario Outline: Refused for <what>
      When these tools are registered:
        | name   | takes   |
        | "fine" | []      |
        | <name> | <takes> |
      Then it is refused as invalid
      And the session is not open

      Examples:
        | what                     | name     | takes                               |
        | an empty name            | ""       | []                                  |
        | a name with a line break | "a\nb"   | []                                  |
        | a type that is none      | "train"  | [["rate", "real"]]                  |

  @S7
  Rule: A tool's name is 1 to 256 characters

    Example: 256 characters
      When a tool with a name of 256 characters is registered
      Then it is accepted

    Example: 257 characters
      Given an open session
      When a tool with a name of 257 characters is registered
      Then it is refused as invalid
      And no tools are registered

  @X1 @S4
  Rule: A refused registration leaves the tools as they were

    Example: One of them cannot be
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
  Rule: Another session has none of them

    Example: Not listed, not offered
      Given in session "blue", an open session
      When these tools are registered:
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"
      And in session "blue", no tools are registered
      And in session "blue", the session does not offer the tool "train"

  @S4
  Rule: The end of a session ends its tools

    Example: They are counted
      Given a float variable "x" holding 0.5
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When the session is cleaned up
      Then 3 resources are cleaned

    Example: A session opened again has none
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      And the session was cleaned up
      When the session is opened
      Then no tools are registered
      And the session does not offer the tool "train"

    Example: Its description counts them
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the session is described
      Then as many tools are counted as the session offers

  @X2
  Rule: Their parameters are checked before anyone is asked to run them

    Scenario Outline: <what>
      Given these tools are registered:
        | name    | takes                                     |
        | "train" | [["rate", "float"], ["steps", "integer"]] |
      When the tool "train" runs with:
        | <one> | <other> |
        | 0.5   | <value> |
      Then it is refused as invalid
      And the registered tools are "train"

      Examples:
        | what                   | one  | other | value  |
        | One of another type    | rate | steps | "many" |
        | One that there is not  | rate | size  | 3      |

    Example: An array of bytes is one of the right type
      Given these tools are registered:
        | name    | takes                |
        | "train" | [["data", "tensor"]] |
      When the tool "train" runs with the parameter "data" as float32 array [0.5, 1.5]
      Then it is refused as unavailable, naming the address of the tools
      And the registered tools are "train"

    Example: One is missing
      Given these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      When the registered tool "train" runs
      Then it is refused as invalid
      And the registered tools are "train"

    Example: A tool that does not stream
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" streams
      Then it is refused as invalid
      And the registered tools are "train"

  @X7
  Rule: There is a call that runs registered tools, and no others

    @requires_standard_tools
    Example: A tool of the bridge
      Given an open session
      When the registered tool "echo" runs with:
        | message |
        | "hello" |
      Then it is refused as not found
      And no tools are registered

    Example: A tool of another session
      Given an open session
      And in session "blue", these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the registered tool "train" runs
      Then it is refused as not found
      And in session "blue", the registered tools are "train"

    Example: In a session that is not open
      When the registered tool "train" runs
      Then it is refused as not found, saying "Session not found"
      And the session is not open

  @X7
  Rule: A host must be on this machine, unless the bridge was started to allow others

    Scenario Outline: <address>
      When these tools are registered, hosted at "<address>":
        | name    | takes |
        | "train" | []    |
      Then it is refused as not permitted
      And the session is not open

      Examples:
        | address              |
        | 192.0.2.1:50051      |
        | [2001:db8::1]:50051  |
        | tools.example:50051  |

    Scenario Outline: <address> is this machine
      When these tools are registered, hosted at "<address>":
        | name    | takes |
        | "train" | []    |
      Then the registered tools are "train"

      Examples:
        | address           |
        | 127.0.0.1:50051   |
        | 127.1.2.3:50051   |
        | localhost:50051   |
        | [::1]:50051       |

  @X7
  Rule: A tool whose host is not there is unavailable

    Example: Run
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the tool "train" runs
      Then it is refused as unavailable, naming the address of the tools
      And the registered tools are "train"

    Example: Run as a registered tool
      Given these tools are registered:
        | name    | takes |
        | "train" | []    |
      When the registered tool "train" runs
      Then it is refused as unavailable, naming the address of the tools
      And the registered tools are "train"
