@variables
Feature: Dependencies
  Some variables depend on others: a prompt was tuned for a model, a budget belongs to a limit. Watches of the
  dependent variable are notified when the other one changes.

  @D1
  Rule: Watches of a directly dependent variable are notified after the change itself

    Example: A watch of all variables gets the change and then the dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches every variable
      When "model" is set to "mistral"
      Then Ada receives:
        | update            | variable | value     | version | metadata                                                                 |
        | value change      | model    | "mistral" | 2       |                                                                          |
        | dependency change | prompt   | "hello"   | 1       | {"cause": "model", "cause_version": "2", "dependency_type": "tuned for"} |
      And Ada receives nothing else

    Example: A watch of the dependent variable gets the dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When "model" is set to "mistral"
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "2"} |
      And the last update that Ada received names the id of "model" as its cause
      And Ada receives nothing else

    Example: Each change causes its own dependency change, in order
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      And "model" was set to "mistral"
      And "model" was set to "o3"
      When "prompt" is set to "bye"
      Then Ada receives:
        | update            | variable | value   | version | metadata                                 |
        | dependency change | prompt   | "hello" | 1       | {"cause": "model", "cause_version": "2"} |
        | dependency change | prompt   | "hello" | 1       | {"cause": "model", "cause_version": "3"} |
        | value change      | prompt   | "bye"   | 2       |                                          |
      And Ada receives nothing else

    Example: A dependency change carries the complete state of the dependent variable
      Given a float variable "rate" holding 0.5
      And a tensor variable "weights" holding float32 array [0.5, 1.5]
      And "weights" was set to float32 array [2.5], with the metadata {"reason": "tuning", "source": "elixir"}
      And the state of "weights" was noted
      And a "scaled" dependency of "weights" on "rate" was added
      And Ada watches "weights"
      When "rate" is set to 0.6
      Then Ada receives:
        | update            | variable | value               | version | metadata                                                             |
        | dependency change | weights  | float32 array [2.5] | 2       | {"cause": "rate", "cause_version": "2", "dependency_type": "scaled"} |
      And Ada's last update has the state of "weights" as noted
      And Ada receives nothing else

    Example: The dependency changes of an atomic batch come after all of its changes
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
        | limit  | string | "low"   |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "model", "limit" and "prompt"
      When these are set in an atomic batch:
        | name  | value  |
        | model | "o3"   |
        | limit | "high" |
      Then the batch succeeds
      And Ada received the changes of "model" and "limit" before that of "prompt"

    Example: A rollback causes a dependency change
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And "model" was set to "mistral"
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches "prompt"
      When "model" is rolled back to version 1
      Then Ada receives:
        | update            | variable | version | metadata                                 |
        | dependency change | prompt   | 1       | {"cause": "model", "cause_version": "3"} |
      And Ada receives nothing else

    Example: Only direct dependencies are notified
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
        | third  | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And a "scaled" dependency of "third" on "second" was added
      And Ada watches "third"
      When "first" is set to 2
      Then "first" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A change of the dependent variable does not notify the variable that it depends on
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "first"
      When "second" is set to 2
      Then "second" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A refused change causes no dependency change
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "second"
      When "first" is set to "text"
      Then it is refused as invalid, saying "must be a number"
      And "first" still holds 1.0 at version 1
      And Ada receives nothing else

  @D1
  Rule: An invalid dependency is refused and not recorded

    Scenario Outline: A dependency of <follower> on <followed> would close a cycle and is refused
      Given the variables:
        | name | type  | value |
        | a    | float | 1     |
        | b    | float | 1     |
        | c    | float | 1     |
      And a "scaled" dependency of "b" on "a" was added
      And a "scaled" dependency of "c" on "b" was added
      And Ada watches <follower>
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And a change of <followed> sends Ada nothing

      Examples:
        | follower | followed |
        | "a"      | "b"      |
        | "a"      | "c"      |

    Example: A variable cannot depend on itself
      Given a float variable "a" holding 1
      When a "follows" dependency of "a" on "a" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And "a" still holds 1.0 at version 1

    Scenario Outline: A dependency of <follower> on <followed>, one of which is missing, is refused
      Given a float variable "a" holding 1
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused as not found
      And "a" still holds 1.0 at version 1

      Examples:
        | follower | followed |
        | "a"      | "gone"   |
        | "gone"   | "a"      |

  @D1
  Rule: Deleting a variable removes its dependencies

    Example: A variable registered again after a delete has no dependencies
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And "first" was deleted
      And a float variable "first" holding 1
      And Ada watches "second"
      When "first" is set to 2
      Then "first" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A deleted variable no longer closes a cycle
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | middle | float | 1     |
        | last   | float | 1     |
      And a "scaled" dependency of "middle" on "first" was added
      And a "scaled" dependency of "last" on "middle" was added
      And "middle" was deleted
      When a "follows" dependency of "first" on "last" is added
      Then it is accepted
