@limits @requires_process
Feature: Caps
  Nothing that clients do may make a bridge grow without bound. One over a cap is refused, the rest works
  on.

  @S7
  Rule: One over the cap is refused, and the rest works on

    Example: Variables
      Given a bridge started with "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      When "d" is registered as a float holding 4
      Then it is refused as over a limit
      And there is no variable "d"
      And "c" still holds 3.0 at version 1

    Example: A place that is free again can be taken
      Given a bridge started with "--max-variables 3"
      And the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 2     |
        | c    | float | 3     |
      And "a" was deleted
      When "d" is registered as a float holding 4
      Then "d" holds 4.0 at version 1

    Example: Watches
      Given a bridge started with "--max-watches 2"
      And a float variable "x" holding 1
      And Ada and Ben each watch "x"
      When Cy watches "x"
      Then Cy's watch ends as over a limit
      And Ada receives nothing else

    Example: Sessions
      Given a bridge started with "--max-sessions 2"
      And in session "blue", a float variable "x" holding 1
      And in session "green", a float variable "x" holding 2
      When in session "red", "x" is registered as a float holding 3
      Then it is refused as over a limit
      And in session "red", the session is not open
      And in session "blue", "x" still holds 1.0 at version 1

    @requires_current_service @requires_tool_caps
    Example: Registered tools
      Given a bridge started with "--max-tools 2"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
      When these tools are registered:
        | name   | takes |
        | "ask"  | []    |
        | "tell" | []    |
      Then it is refused as over a limit
      And the registered tools are "train"

    @requires_current_service @requires_tool_caps
    Example: A tool that is replaced is no new one
      Given a bridge started with "--max-tools 2"
      And these tools are registered:
        | name    | takes |
        | "train" | []    |
        | "ask"   | []    |
      When these tools are registered:
        | name    | takes               |
        | "train" | [["rate", "float"]] |
      Then the tool "train" takes {"rate": "float"}
      And the registered tools are "train" and "ask"
