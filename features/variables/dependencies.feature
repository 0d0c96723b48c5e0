@variables
Feature: Variables that follow others
  Some variables make sense only beside others: a prompt that was tuned for a model, a budget for a limit.
  Whoever watches the follower is told when what it follows has changed.

  @D1
  Rule: Watches of a direct follower are told what changed, after the change itself

    Example: The prompt follows the model
      Given the variables:
        | name   | type   | value   |
        | model  | string | "gpt-4" |
        | prompt | string | "hello" |
      And a "tuned for" dependency of "prompt" on "model" was added
      And Ada watches every variable
      When "model" is set to "mistral"
      Then Ada receives:
        | update            | variable | value    | version | metadata                                                              |
        | value change      | model    | "mistral" | 2       |                                                                       |
        | dependency change | prompt   | "hello"  | 1       | {"cause": "model", "cause_version": "2", "dependency_type": "tuned for"} |
      And Ada receives nothing else

    Example: A watch of the follower alone
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

    Example: Every change is told, one after the other
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

    Example: With all that is known of the follower
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
      And Ada receives nothing else

    Example: After an atomic batch as a whole
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

    Example: After a rollback
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

    Example: Only direct followers are told
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

    Example: A change of the follower is no news for what it follows
      Given the variables:
        | name   | type  | value |
        | first  | float | 1     |
        | second | float | 1     |
      And a "scaled" dependency of "second" on "first" was added
      And Ada watches "first"
      When "second" is set to 2
      Then "second" holds 2.0 at version 2
      And Ada receives nothing else

    Example: A refused change tells nobody
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
  Rule: A dependency that cannot be is refused, and is not recorded

    Scenario Outline: <follower> cannot follow <followed>
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

    Example: A variable cannot follow itself
      Given a float variable "a" holding 1
      When a "follows" dependency of "a" on "a" is added
      Then it is refused with FAILED_PRECONDITION, saying "would create a cycle"
      And "a" still holds 1.0 at version 1

    Scenario Outline: <follower> cannot follow <followed>, which is not both there
      Given a float variable "a" holding 1
      When a "follows" dependency of <follower> on <followed> is added
      Then it is refused as not found
      And "a" still holds 1.0 at version 1

      Examples:
        | follower | followed |
        | "a"      | "gone"   |
        | "gone"   | "a"      |

  @D1
  Rule: A delete drops the dependencies of a variable

    Example: What followed it is free
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

    Example: The way round is open again
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
